import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection, PermissionViolationError } from '@nats-io/transport-node';
import { backoff } from '../../../base/backoff.ts';
import { withDeadline } from '../../../base/deadline.ts';
import type { Logger } from '../../../base/logger.ts';
import { Outage } from '../outage.ts';
import { Presence } from '../presence.ts';
import { lastingError } from './errors.ts';
import { Stream } from './stream.ts';
import type { NatsTarget } from './target.ts';

/** Milliseconds. */
const CONNECT_DEADLINE = 5_000;
const REQUEST_DEADLINE = 3_000;
const FLUSH_DEADLINE = 2_000;
const RECONNECT = { base: 100, max: 3_000 };
/** A connection on which two of these are not answered is taken for dead. */
const PING_EVERY = 5_000;

/**
 * The one connection of an instance. The library makes it anew by itself, for as long as it takes, and subscribes again;
 * here is what it leaves open: what the server may have forgotten meanwhile, and who waits for it.
 */
export class Connection {
  readonly nats: NatsConnection;
  readonly stream: Stream;
  readonly #target: NatsTarget;
  readonly #log: Logger;
  readonly #outage: Outage;
  readonly #pace: Pace;
  readonly #onBack = new Set<() => void>();
  readonly #presence = new Presence<NatsConnection>();
  readonly #denied = new Set<string>();

  /** Connects for the first time, and finds or makes the stream. Throws what went wrong, and then tries no more. */
  static async open(target: NatsTarget, log: Logger): Promise<Connection> {
    const pace = new Pace();
    const nats = await connect({
      servers: [...target.servers],
      ...target.access,
      name: 'holdfast',
      timeout: CONNECT_DEADLINE,
      reconnect: true,
      maxReconnectAttempts: -1,
      reconnectDelayHandler: () => pace.pause,
      // A password that was changed may be changed back.
      ignoreAuthErrorAbort: true,
      pingInterval: PING_EVERY,
      maxPingOut: 2,
      noAsyncTraces: true,
    });
    try {
      // An account may be allowed our stream, and not to be asked what it may do.
      const manager = await jetstreamManager(nats, { timeout: REQUEST_DEADLINE, checkAPI: false });
      const stream = new Stream(target, manager);
      await stream.ensure();
      return new Connection(nats, stream, { target, log, pace });
    } catch (error) {
      await nats.close();
      throw error;
    }
  }

  private constructor(
    nats: NatsConnection,
    stream: Stream,
    { target, log, pace }: { readonly target: NatsTarget; readonly log: Logger; readonly pace: Pace },
  ) {
    this.nats = nats;
    this.stream = stream;
    this.#target = target;
    this.#log = log;
    this.#pace = pace;
    this.#outage = new Outage({ server: 'NATS', log, explain: (error) => lastingError(error, target)?.message });
    this.#presence.came(nats);
    void this.#follow();
  }

  get away(): boolean {
    return this.#presence.current === undefined;
  }

  /** Calls back each time that the connection is back, until what this answers is called. */
  whenBack(then: () => void): () => void {
    this.#onBack.add(then);
    return () => this.#onBack.delete(then);
  }

  /** Waits a little for a connection that was lost just now. Throws `unavailable`. */
  async ready(): Promise<void> {
    await this.#presence.soon();
  }

  /** Resolves when what was sent is with the server; throws where that cannot be had soon. */
  flush(): Promise<void> {
    return withDeadline(FLUSH_DEADLINE, this.nats.flush());
  }

  async close(): Promise<void> {
    const { away } = this;
    if (this.#presence.closed) return;
    this.#presence.close();
    if (!away) await this.flush().catch(() => undefined);
    await this.nats.close();
  }

  async #follow(): Promise<void> {
    for await (const status of this.nats.status()) {
      if (this.#presence.closed) continue;
      if (status.type === 'disconnect') this.#lost();
      else if (status.type === 'reconnecting') this.#pace.next();
      else if (status.type === 'reconnect') this.#back();
      else if (status.type === 'error') this.#refused(status.error);
    }
  }

  #lost(): void {
    this.#presence.went();
    this.#outage.lost(this, new Error('The connection was closed, or nothing came any more.'));
  }

  #back(): void {
    this.#presence.came(this.nats);
    this.#pace.reset();
    this.stream.forget();
    this.#outage.back(this);
    for (const then of [...this.#onBack]) then();
  }

  #refused(error: Error): void {
    if (this.away) this.#outage.goesOn(error);
    // What is only sent has nobody who would hear that it was refused.
    if (!(error instanceof PermissionViolationError)) return;
    const denied = `${error.operation} ${error.subject.replace(/^(_INBOX|\$JS\.ACK)\..*/, '$1')}`;
    if (this.#denied.has(denied)) return;
    this.#denied.add(denied);
    this.#log.error(lastingError(error, this.#target)?.message);
  }
}

/** The pause before the next try to connect, which grows from one to the next. */
class Pace {
  #attempt = 0;
  /** Milliseconds. */
  pause: number = RECONNECT.base;

  next(): void {
    this.#attempt += 1;
    this.pause = backoff(this.#attempt, RECONNECT);
  }

  reset(): void {
    this.#attempt = 0;
    this.pause = RECONNECT.base;
  }
}
