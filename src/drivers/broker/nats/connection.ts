import { type JetStreamClient, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { connect } from '@nats-io/transport-node';
import { HoldfastError } from '../../../base/errors.ts';
import type { Logger } from '../../../base/logger.ts';
import { closed, unavailable } from '../errors.ts';
import type { NatsTarget } from './target.ts';
import { Topology } from './topology.ts';

/** Milliseconds. */
const CONNECT_DEADLINE = 5_000;
export const REQUEST_DEADLINE = 3_000;
const WAIT_FOR_CONNECTION = 2_000;
const PING_EVERY = 5_000;
const FLUSH_DEADLINE = 2_000;
/** Publishers that may wait for a connection; the next are refused at once. */
const MAX_WAITING = 1_000;

/**
 * The one connection of an instance. The library makes it anew by itself, for as long as it takes, and subscribes again;
 * here is what it leaves open: what the server may have forgotten meanwhile, and who waits for it.
 */
export class Connection {
  readonly nats: NatsConnection;
  readonly client: JetStreamClient;
  readonly topology: Topology;
  readonly #log: Logger;
  readonly #onBack = new Set<() => void>();
  readonly #waiting = new Set<() => void>();
  #away = false;
  #closing = false;

  static async open(target: NatsTarget, log: Logger): Promise<Connection> {
    const nats = await connect({
      servers: [...target.servers],
      ...target.access,
      name: 'holdfast',
      timeout: CONNECT_DEADLINE,
      reconnect: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 200,
      reconnectJitter: 800,
      // A password that was changed may be changed back.
      ignoreAuthErrorAbort: true,
      pingInterval: PING_EVERY,
      maxPingOut: 2,
    });
    try {
      const client = jetstream(nats, { timeout: REQUEST_DEADLINE });
      const manager = await jetstreamManager(nats, { timeout: REQUEST_DEADLINE });
      await manager.getAccountInfo();
      return new Connection(nats, client, new Topology(target.prefix, client, manager), log);
    } catch (error) {
      await nats.close();
      throw error;
    }
  }

  private constructor(nats: NatsConnection, client: JetStreamClient, topology: Topology, log: Logger) {
    this.nats = nats;
    this.client = client;
    this.topology = topology;
    this.#log = log;
    void this.#follow();
  }

  /** Calls back each time that the connection is back, until what this answers is called. */
  whenBack(then: () => void): () => void {
    this.#onBack.add(then);
    return () => this.#onBack.delete(then);
  }

  /** Waits a little for a connection that was lost just now. Throws `unavailable`. */
  async ready(): Promise<void> {
    if (this.#closing) throw closed();
    if (!this.#away) return;
    if (this.#waiting.size >= MAX_WAITING) throw unavailable(new Error('Too many wait for a connection.'));
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, WAIT_FOR_CONNECTION);
      this.#waiting.add(done);
    });
    if (this.#closing) throw closed();
    if (this.#away) throw unavailable(new Error('There is no connection.'));
  }

  get away(): boolean {
    return this.#away;
  }

  /** What was sent is with the server; throws `unavailable` where that cannot be had soon. */
  async flush(deadline = FLUSH_DEADLINE): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(unavailable(new Error(`No answer within ${deadline} ms.`))), deadline);
    });
    const flushed = this.nats.flush();
    flushed.catch(() => undefined);
    try {
      await Promise.race([flushed, late]);
    } catch (error) {
      throw error instanceof HoldfastError ? error : unavailable(error);
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    for (const done of [...this.#waiting]) done();
    if (!this.#away) await this.flush().catch(() => undefined);
    await this.nats.close();
  }

  async #follow(): Promise<void> {
    for await (const { type } of this.nats.status()) {
      if (type === 'disconnect' && !this.#away && !this.#closing) {
        this.#away = true;
        this.#log.warn('the connection to NATS was lost; trying to get it back');
      } else if (type === 'reconnect') {
        this.topology.forget();
        if (this.#away) this.#log.info('the connection to NATS is back');
        this.#away = false;
        for (const done of [...this.#waiting]) done();
        for (const then of [...this.#onBack]) then();
      }
    }
  }
}
