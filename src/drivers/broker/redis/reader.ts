import { setTimeout as pause } from 'node:timers/promises';
import type { Outage } from '../outage.ts';
import { Connection } from './connection.ts';
import { type Entry, toEntry } from './entry.ts';
import type { Group } from './group.ts';
import type { Reply } from './script.ts';
import type { RedisTarget } from './target.ts';

/** Milliseconds that the server lets a read wait. */
const BLOCK = 2_000;
/** Some servers begin that time anew whenever another reader got something; they are then told that it is enough. */
const ENOUGH_AFTER = BLOCK + 1_000;
const DEADLINE = ENOUGH_AFTER + 3_000;
/** Milliseconds between two attempts to end a read, and after which its connection is closed instead. */
const INTERRUPT_EVERY = 50;
const INTERRUPT_DEADLINE = BLOCK + 500;

interface ReaderOptions {
  readonly target: RedisTarget;
  readonly outage: Outage;
  /** The connection that others use too. */
  readonly shared: Connection;
  readonly group: Group;
}

/** Reads a group's messages, on a connection of its own: a read blocks what comes behind it. */
export class Reader {
  readonly #own: Connection;
  readonly #shared: Connection;
  readonly #group: Group;
  /** Number of our connection with the server; undefined where it does not tell. */
  #id: string | undefined;

  constructor({ target, outage, shared, group }: ReaderOptions) {
    this.#shared = shared;
    this.#group = group;
    this.#own = new Connection({
      target,
      outage,
      ping: false,
      prepare: async (client) => {
        this.#id = await client.sendCommand<number>(['CLIENT', 'ID']).then(String, () => undefined);
        // A server that was away may have forgotten the group.
        await group.join();
      },
    });
  }

  async open(): Promise<void> {
    await this.#own.open();
  }

  /** At most `count` messages, as soon as there is one; none after a while. */
  async read(count: number): Promise<readonly Entry[]> {
    const { name, consumer, stream } = this.#group;
    const command = ['XREADGROUP', 'GROUP', name, consumer, 'COUNT', String(count), 'BLOCK', String(BLOCK)];
    const enough = setTimeout(() => this.#unblock(), ENOUGH_AFTER);
    try {
      const reply = await this.#own.run(
        (client) => client.sendCommand<Reply>([...command, 'STREAMS', stream, '>']),
        DEADLINE,
      );
      const [[, entries = []] = []] = (reply ?? []) as [string, [Reply, Reply][]][];
      return entries.flatMap(([id, fields]) => toEntry(id, fields, 1) ?? []);
    } finally {
      clearTimeout(enough);
    }
  }

  ready(signal: AbortSignal): Promise<void> {
    return this.#own.ready(signal);
  }

  /** Ends the read that waits, and then the connection. Resolves after `ended`, which no read may follow. */
  async stop(ended: Promise<void>): Promise<void> {
    const timer = setInterval(() => this.#unblock(), INTERRUPT_EVERY);
    this.#unblock();
    await Promise.race([ended, pause(INTERRUPT_DEADLINE, undefined, { ref: false })]);
    clearInterval(timer);
    this.#own.close();
    await ended;
  }

  #unblock(): void {
    const id = this.#id;
    // Where this is not allowed, the server ends the read in its own time.
    if (id) this.#shared.run((client) => client.sendCommand(['CLIENT', 'UNBLOCK', id])).catch(() => {});
  }
}
