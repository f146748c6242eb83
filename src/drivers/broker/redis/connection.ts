import { backoff } from '../../../base/backoff.ts';
import { closed, unavailable } from '../errors.ts';
import type { Outage } from '../outage.ts';
import { type Connected, connect, type ServerFacts } from './connect.ts';
import { isAway, isElsewhere } from './errors.ts';
import { type Client, type Reply, runScript, type Script } from './script.ts';
import type { RedisTarget } from './target.ts';

/** Milliseconds. */
const COMMAND_DEADLINE = 3_000;
/** A process that stood still reads what came meanwhile before it judges. */
const GRACE = 100;
const WAIT_FOR_CONNECTION = 2_000;
const PING_EVERY = 5_000;
const RECONNECT = { base: 50, max: 3_000 };
/** A connection that lived shorter was none: the pause before the next goes on growing. */
const SETTLED_AFTER = 5_000;
/** Calls that may wait for a connection; the next are refused at once. */
const MAX_WAITING = 1_000;

interface ConnectionOptions {
  readonly target: RedisTarget;
  readonly outage: Outage;
  /** Done on each new connection before it is used. */
  readonly prepare?: (client: Client) => Promise<void>;
  /** Whether an idle connection is asked now and then if it is still there. Not one that waits in a blocking command. */
  readonly ping: boolean;
}

/** A connection that is made anew, for as long as it takes, when it is lost. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #pinging: NodeJS.Timeout | undefined;
  #client: Client | undefined;
  #since = 0;
  #lostAt = 0;
  #attempt = 0;
  #retry: NodeJS.Timeout | undefined;
  #waiting = new Set<(client: Client | undefined) => void>();
  #closed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    if (options.ping) {
      this.#pinging = setInterval(() => this.#ping(), PING_EVERY);
      this.#pinging.unref();
    }
  }

  /** Connects for the first time. Throws what went wrong, and then tries no more. */
  async open(): Promise<ServerFacts> {
    try {
      return await this.#connect();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * What `act` answers, or `unavailable`. Waits a little for a connection where one was lost just now. One on which an
   * answer does not come in time is dropped.
   */
  async run<T>(act: (client: Client) => Promise<T>, deadline = COMMAND_DEADLINE): Promise<T> {
    const client = this.#client ?? (await this.#nextClient());
    // Dropping the connection rejects what waits on it.
    const drop = () => this.#lose(client, new Error(`No answer within ${deadline} ms.`));
    let timer = setTimeout(() => {
      timer = setTimeout(drop, GRACE);
    }, deadline);
    try {
      return await act(client);
    } catch (error) {
      if (!isAway(error)) throw error;
      if (isElsewhere(error)) this.#lose(client, error as Error);
      throw unavailable(error);
    } finally {
      clearTimeout(timer);
    }
  }

  script(source: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<Reply> {
    return this.run((client) => runScript(client, source, keys, args));
  }

  /** Resolves when there is a connection, at once where there is one, and when there will be none: closed or aborted. */
  async ready(signal: AbortSignal): Promise<void> {
    while (!this.#client && !this.#closed && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = () => {
          signal.removeEventListener('abort', done);
          this.#waiting.delete(done);
          resolve();
        };
        signal.addEventListener('abort', done);
        this.#waiting.add(done);
      });
    }
  }

  /** Milliseconds since the connection was lost; 0 where it is there. */
  get lostFor(): number {
    return this.#client ? 0 : performance.now() - this.#lostAt;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#pinging);
    clearTimeout(this.#retry);
    this.#client?.destroy();
    this.#client = undefined;
    this.#tellWaiting();
    this.#options.outage.left(this);
  }

  async #connect(): Promise<ServerFacts> {
    const { target, prepare, outage } = this.#options;
    let made: Connected | undefined;
    const { client, facts } = await connect(target, (error) => {
      if (made) this.#lose(made.client, error);
    });
    made = { client, facts };
    try {
      await prepare?.(client);
      if (this.#closed) throw closed();
      if (!client.isReady) throw new Error('The connection was lost as soon as it was made.');
    } catch (error) {
      client.destroy();
      throw error;
    }
    this.#client = client;
    this.#since = performance.now();
    this.#tellWaiting();
    outage.back(this);
    return facts;
  }

  #lose(client: Client, error: Error): void {
    client.destroy();
    if (client !== this.#client) return;
    this.#client = undefined;
    this.#lostAt = performance.now();
    this.#options.outage.lost(this, error);
    if (performance.now() - this.#since > SETTLED_AFTER) this.#attempt = 0;
    this.#reconnectLater();
  }

  #reconnectLater(): void {
    if (this.#closed) return;
    this.#attempt += 1;
    this.#retry = setTimeout(
      () => {
        this.#connect().catch((error: Error) => {
          this.#options.outage.goesOn(error);
          this.#reconnectLater();
        });
      },
      backoff(this.#attempt, RECONNECT),
    );
  }

  #nextClient(): Promise<Client> {
    if (this.#closed) throw closed();
    const patience = WAIT_FOR_CONNECTION - this.lostFor;
    if (patience <= 0) throw unavailable(new Error('There is no connection.'));
    if (this.#waiting.size >= MAX_WAITING) throw unavailable(new Error('Too many wait for a connection.'));
    return new Promise((resolve, reject) => {
      const done = (client: Client | undefined) => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        if (client) resolve(client);
        else reject(this.#closed ? closed() : unavailable(new Error('There is no connection.')));
      };
      const timer = setTimeout(() => done(undefined), patience);
      this.#waiting.add(done);
    });
  }

  #tellWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const done of waiting) done(this.#client);
  }

  #ping(): void {
    if (this.#client) this.run((client) => client.ping()).catch(() => {});
  }
}
