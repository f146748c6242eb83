import { BACKLOG } from '../port.ts';
import type { Connection } from './connection.ts';
import { type Entry, toEntry } from './entry.ts';
import type { Keys } from './keys.ts';
import type { Reply } from './script.ts';
import { BRING_DUE, DONE, HAND_BACK, JOIN, LEAVE, RENEW, RETRY, TAKE_OVER } from './scripts.ts';

/** Milliseconds after which a hold that was not renewed is taken over. */
const HOLD = 15_000;
/** A third: two renewals may fail. */
export const RENEW_EVERY = HOLD / 3;
/** Milliseconds after which a consumer that holds nothing and asks for nothing is taken for dead. */
const FORGET_AFTER = 600_000;
const DUE_AT_A_TIME = 100;

interface GroupOptions {
  readonly connection: Connection;
  readonly keys: Keys;
  readonly topic: string;
  readonly group: string;
  /** Name of the consumer. */
  readonly consumer: string;
}

/** One group of a topic, as one consumer of it sees it: what it can ask of the server, but for the blocking read. */
export class Group {
  readonly name: string;
  readonly stream: string;
  readonly consumer: string;
  readonly #connection: Connection;
  readonly #groups: string;
  readonly #later: string;

  constructor({ connection, keys, topic, group, consumer }: GroupOptions) {
    this.name = group;
    this.stream = keys.stream(topic, group);
    this.consumer = consumer;
    this.#connection = connection;
    this.#groups = keys.groups(topic);
    this.#later = keys.later(topic, group);
  }

  /** From here on the group gets what is published. Doing it again is harmless. */
  async join(): Promise<void> {
    await this.#connection.script(JOIN, [this.#groups, this.stream], [this.name]);
  }

  async leave(): Promise<void> {
    await this.#connection.script(LEAVE, [this.stream], [this.name, this.consumer]);
  }

  async done({ id }: Entry): Promise<void> {
    await this.#connection.script(DONE, [this.stream], [this.name, id]);
  }

  /** The message comes again after a pause, in milliseconds. */
  async retry({ id, attempt, body }: Entry, pause: number): Promise<void> {
    await this.#connection.script(RETRY, [this.stream, this.#later], [this.name, id, attempt, body, pause, BACKLOG]);
  }

  /** The message goes to another at once, and this try does not count. */
  async handBack({ id, attempt, body }: Entry): Promise<void> {
    await this.#connection.script(HAND_BACK, [this.stream], [this.name, id, attempt - 1, body]);
  }

  async renew(entries: Iterable<Entry>): Promise<void> {
    const ids = [...entries].map(({ id }) => id);
    if (ids.length > 0) await this.#connection.script(RENEW, [this.stream], [this.name, this.consumer, ...ids]);
  }

  /** What others held and did not renew. */
  async takeOver(most: number): Promise<readonly Entry[]> {
    const args = [this.name, this.consumer, HOLD, most, FORGET_AFTER];
    const taken = (await this.#connection.script(TAKE_OVER, [this.stream, this.#groups], args)) as [
      Reply,
      Reply,
      number,
    ][];
    return taken.flatMap(([id, fields, delivered]) => toEntry(id, fields, delivered) ?? []);
  }

  /** Brings back what has waited long enough. Answers the milliseconds until more is due; undefined where none waits. */
  async bringDue(): Promise<number | undefined> {
    const next = (await this.#connection.script(BRING_DUE, [this.stream, this.#later], [DUE_AT_A_TIME])) as number;
    return next < 0 ? undefined : next;
  }
}
