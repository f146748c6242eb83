import { type ChannelModel, connect } from 'amqplib';
import { backoff } from '../../../base/backoff.ts';
import { withDeadline } from '../../../base/deadline.ts';
import type { Logger } from '../../../base/logger.ts';
import { closed, unavailable } from '../errors.ts';
import type { RabbitTarget } from './target.ts';

/** Milliseconds. */
const CONNECT_DEADLINE = 5_000;
const ATTACH_DEADLINE = 10_000;
const CLOSE_DEADLINE = 2_000;
const WAIT_FOR_CONNECTION = 2_000;
const RECONNECT = { base: 100, max: 3_000 };
/** Seconds between two signs of life; after two that did not come the connection is given up, on either side. */
const HEARTBEAT = 5;
/** Calls that may wait for a connection; the next are refused at once. */
const MAX_WAITING = 1_000;

/** What has channels on the connection, and makes them again on each new one. */
export interface Part {
  attach(model: ChannelModel): Promise<void>;
}

/** The one connection of an instance, made anew, for as long as it takes, when it is lost. */
export class Connection {
  readonly #target: RabbitTarget;
  readonly #log: Logger;
  readonly #parts = new Set<Part>();
  readonly #waiting = new Set<() => void>();
  #model: ChannelModel | undefined;
  #lost = false;
  #blocked = false;
  #closing = false;
  #attempt = 0;
  #retry: NodeJS.Timeout | undefined;

  /** Connects for the first time, with these parts. Throws what went wrong, and then tries no more. */
  static async open(target: RabbitTarget, parts: readonly Part[], log: Logger): Promise<Connection> {
    const connection = new Connection(target, parts, log);
    await connection.#connect();
    return connection;
  }

  private constructor(target: RabbitTarget, parts: readonly Part[], log: Logger) {
    this.#target = target;
    this.#log = log;
    for (const part of parts) this.#parts.add(part);
  }

  get away(): boolean {
    return this.#model === undefined;
  }

  /** The server takes nothing: it is short of memory or of room on its disk. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Attaches a part, now and to each connection to come. Throws `unavailable`. */
  async add(part: Part): Promise<void> {
    const model = await this.ready();
    this.#parts.add(part);
    try {
      await withDeadline(ATTACH_DEADLINE, part.attach(model));
    } catch (error) {
      this.#parts.delete(part);
      throw unavailable(error);
    }
  }

  remove(part: Part): void {
    this.#parts.delete(part);
  }

  /** For a part whose channel was closed while the connection is there. */
  attachAgain(part: Part, model: ChannelModel): void {
    if (this.#closing || model !== this.#model || !this.#parts.has(part)) return;
    // What attaches everything anew also finds out what is amiss.
    this.#lose(model, new Error('A channel was closed by the server.'));
  }

  /** The connection, for which it waits a little where it was lost just now. Throws `unavailable`. */
  async ready(): Promise<ChannelModel> {
    if (this.#closing) throw closed();
    if (this.#model) return this.#model;
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
    if (!this.#model) throw unavailable(new Error('There is no connection.'));
    return this.#model;
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    clearTimeout(this.#retry);
    for (const done of [...this.#waiting]) done();
    const model = this.#model;
    this.#model = undefined;
    if (model) await shut(model);
  }

  async #connect(): Promise<void> {
    const { server, tls } = this.#target;
    const options = { ...tls, timeout: CONNECT_DEADLINE, noDelay: true, keepAlive: true };
    const model = await withDeadline(CONNECT_DEADLINE + 1_000, connect({ ...server, heartbeat: HEARTBEAT }, options));
    let gone: Error | undefined;
    // What was wrong comes first, then that it is over.
    model.on('error', (error) => {
      gone = error;
    });
    model.on('close', (error) => {
      gone ??= error ?? new Error('The server closed the connection.');
      this.#lose(model, gone);
    });
    model.on('blocked', (reason) => {
      if (!this.#blocked) this.#log.error({ reason }, 'messages are refused: RabbitMQ is short of memory or disk');
      this.#blocked = true;
    });
    model.on('unblocked', () => {
      this.#blocked = false;
    });
    this.#blocked = false;
    try {
      for (const part of this.#parts) await withDeadline(ATTACH_DEADLINE, part.attach(model));
      if (gone) throw gone;
      if (this.#closing) throw closed();
    } catch (error) {
      await shut(model);
      throw gone ?? error;
    }
    this.#model = model;
    this.#attempt = 0;
    if (this.#lost) this.#log.info('the connection to RabbitMQ is back');
    this.#lost = false;
    for (const done of [...this.#waiting]) done();
  }

  #lose(model: ChannelModel, error: Error): void {
    if (model !== this.#model) return;
    this.#model = undefined;
    if (this.#closing) return;
    if (!this.#lost) this.#log.warn({ err: error }, 'the connection to RabbitMQ was lost; trying to get it back');
    this.#lost = true;
    void shut(model);
    this.#reconnectLater();
  }

  #reconnectLater(): void {
    if (this.#closing) return;
    this.#attempt += 1;
    this.#retry = setTimeout(
      () => {
        this.#connect().catch((error: Error) => {
          if (this.#attempt === 10) this.#log.error({ err: error }, 'RabbitMQ cannot be had; going on trying');
          this.#reconnectLater();
        });
      },
      backoff(this.#attempt, RECONNECT),
    );
  }
}

/** One that is gone already says so by an error. */
const shut = (model: ChannelModel): Promise<void> => withDeadline(CLOSE_DEADLINE, model.close()).catch(() => undefined);
