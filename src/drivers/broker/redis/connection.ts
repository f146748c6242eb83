import { unavailable } from '../errors.ts';
import { Kept } from '../kept.ts';
import type { Outage } from '../outage.ts';
import { type Connected, connect, type ServerFacts } from './connect.ts';
import { isAway, isElsewhere } from './errors.ts';
import { type Client, type Reply, runScript, type Script } from './script.ts';
import type { RedisTarget } from './target.ts';

/** Milliseconds. */
const COMMAND_DEADLINE = 3_000;
/** A process that stood still reads what came meanwhile before it judges. */
const GRACE = 100;
const PING_EVERY = 5_000;
const RECONNECT = { base: 50, max: 3_000 };

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
  readonly #kept: Kept<Connected>;
  readonly #pinging: NodeJS.Timeout | undefined;

  constructor({ target, prepare, outage, ping }: ConnectionOptions) {
    this.#kept = new Kept({
      make: (lost) => make(target, prepare, lost),
      end: ({ client }) => client.destroy(),
      outage,
      pauses: RECONNECT,
    });
    if (ping) {
      this.#pinging = setInterval(() => this.#ping(), PING_EVERY);
      this.#pinging.unref();
    }
  }

  /** Connects for the first time. Throws what went wrong, and then tries no more. */
  async open(): Promise<ServerFacts> {
    try {
      const { facts } = await this.#kept.open();
      return facts;
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
    const made = this.#kept.presence.current ?? (await this.#kept.presence.soon());
    // Dropping the connection rejects what waits on it.
    const drop = () => this.#kept.lose(made, new Error(`No answer within ${deadline} ms.`));
    let timer = setTimeout(() => {
      timer = setTimeout(drop, GRACE);
    }, deadline);
    try {
      return await act(made.client);
    } catch (error) {
      if (!isAway(error)) throw error;
      if (isElsewhere(error)) this.#kept.lose(made, error as Error);
      throw unavailable(error);
    } finally {
      clearTimeout(timer);
    }
  }

  script(source: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<Reply> {
    return this.run((client) => runScript(client, source, keys, args));
  }

  /** Resolves when there is a connection, at once where there is one, and when there will be none: closed or aborted. */
  ready(signal: AbortSignal): Promise<void> {
    return this.#kept.presence.until(signal);
  }

  /** Milliseconds since the connection was lost; 0 where it is there. */
  get lostFor(): number {
    return this.#kept.presence.lostFor;
  }

  close(): void {
    clearInterval(this.#pinging);
    void this.#kept.close();
  }

  #ping(): void {
    if (this.#kept.presence.current) this.run((client) => client.ping()).catch(() => {});
  }
}

async function make(
  target: RedisTarget,
  prepare: ConnectionOptions['prepare'],
  lost: (error: Error) => void,
): Promise<Connected> {
  const made = await connect(target, lost);
  const { client } = made;
  try {
    await prepare?.(client);
    if (!client.isReady) throw new Error('The connection was lost as soon as it was made.');
    return made;
  } catch (error) {
    client.destroy();
    throw error;
  }
}
