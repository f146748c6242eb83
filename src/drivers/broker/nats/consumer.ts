import { setTimeout as pause } from 'node:timers/promises';
import { backoff } from '../../../base/backoff.ts';
import type { Running } from '../../../base/lifecycle.ts';
import type { Logger } from '../../../base/logger.ts';
import { parseMessage } from '../message.ts';
import { type ConsumeOptions, MAX_ATTEMPTS, type MessageHandler, RETRY } from '../port.ts';
import type { Connection } from './connection.ts';
import type { Delivery } from './delivery.ts';
import { Lane } from './lane.ts';
import { HOLD } from './stream.ts';

const RENEW_EVERY = HOLD / 3;
/** Pause before a server that could not be asked is asked again: milliseconds. */
const AGAIN = { base: 50, max: 2_000 };
/** Tries of one lane that fail, while there is a connection, before the log says so. */
const LASTING = 10;

interface ConsumerOptions extends ConsumeOptions {
  readonly connection: Connection;
  readonly topic: string;
  readonly handler: MessageHandler;
  readonly log: Logger;
}

/** As many lanes as handlers may run: each asks for a message, has it handled, settles it, and asks for the next. */
export class Consumer implements Running {
  readonly #options: ConsumerOptions;
  readonly #running = new Set<Delivery>();
  readonly #stopping = new AbortController();
  readonly #renewing: NodeJS.Timeout;
  readonly #lanes: readonly Lane[];
  readonly #working: Promise<unknown>;
  readonly #leave: () => void;
  /** The subject on which the group is asked; undefined where the server may have forgotten the group. */
  #group: Promise<string> | undefined;
  #failing = false;
  #stopped: Promise<void> | undefined;

  static async start(options: ConsumerOptions): Promise<Consumer> {
    const { connection, topic, group } = options;
    await connection.stream.group(topic, group);
    return new Consumer(options);
  }

  private constructor(options: ConsumerOptions) {
    const { connection, concurrency } = options;
    this.#options = options;
    this.#renewing = setInterval(() => {
      for (const delivery of this.#running) delivery.working();
    }, RENEW_EVERY);
    this.#lanes = Array.from({ length: concurrency }, () => new Lane(connection.nats));
    this.#leave = connection.whenBack(() => {
      this.#group = undefined;
      for (const lane of this.#lanes) lane.renew(new Error('The connection was made anew.'));
    });
    this.#working = Promise.all(this.#lanes.map((lane) => this.#workOn(lane)));
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const { connection } = this.#options;
    this.#stopping.abort();
    this.#leave();
    await Promise.all(this.#lanes.map((lane) => lane.stop()));
    await this.#working;
    clearInterval(this.#renewing);
    // What was settled or handed back is so before others are told that we are gone.
    if (!connection.away) await connection.flush().catch(() => undefined);
  }

  async #workOn(lane: Lane): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; ) {
      const group = this.#findGroup();
      try {
        const delivery = await this.#next(lane, await group);
        failures = 0;
        if (delivery) await this.#handle(delivery);
      } catch (error) {
        if (this.#group === group) this.#group = undefined;
        failures += 1;
        this.#tell(failures, error);
        await pause(backoff(failures, AGAIN), undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #next(lane: Lane, group: string): Promise<Delivery | undefined> {
    if (this.#stopping.signal.aborted) return undefined;
    const delivery = await lane.ask(group);
    this.#failing = false;
    return delivery;
  }

  #findGroup(): Promise<string> {
    const { connection, topic, group } = this.#options;
    this.#group ??= connection.stream.group(topic, group);
    return this.#group;
  }

  #tell(failures: number, error: unknown): void {
    const { connection, log } = this.#options;
    if (connection.away || this.#failing || failures < LASTING) return;
    this.#failing = true;
    log.error({ err: error }, 'messages could not be asked for; trying again');
  }

  async #handle(delivery: Delivery): Promise<void> {
    const { handler, log } = this.#options;
    const { signal } = this.#stopping;
    const { attempt } = delivery;
    const body = parseMessage(delivery.data);
    if (!body || attempt > MAX_ATTEMPTS) {
      log.error({ attempt }, body ? 'a message was given up' : 'a message is not one of ours and was given up');
      return delivery.giveUp();
    }
    this.#running.add(delivery);
    try {
      await handler(body, signal);
      delivery.done();
    } catch (error) {
      if (signal.aborted) delivery.handBack();
      else if (attempt >= MAX_ATTEMPTS) {
        log.error({ err: error, attempt }, 'a message was given up');
        delivery.giveUp();
      } else {
        log.warn({ err: error, attempt }, 'a message could not be handled and will come again');
        delivery.handBack(backoff(attempt, RETRY));
      }
    } finally {
      this.#running.delete(delivery);
    }
  }
}
