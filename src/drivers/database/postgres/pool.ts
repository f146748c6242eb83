import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import { overloadedError } from '../errors.ts';
import type { Reachability } from '../reachability.ts';
import { Turns } from '../turns.ts';
import { isLost, isStale } from './errors.ts';
import { Session } from './session.ts';
import { StatementNames } from './statement-names.ts';
import { types } from './types.ts';
import type { Target } from './url.ts';

export interface PoolOptions {
  readonly target: Target;
  readonly tls: ConnectionOptions | false;
  /** Connections that are open at most. */
  readonly size: number;
  /** Refuses to write. */
  readonly readOnly: boolean;
  /** Has the server answer a commit when it is durable, though its own settings say that it need not be. */
  readonly durable?: boolean;
  readonly reachability: Reachability;
}

/** Milliseconds. */
const IDLE = 60_000;
const KEEP_ALIVE = 10_000;
/** A unit awaits nothing but its statements, so it never stands still for as long. */
const IDLE_IN_TRANSACTION = 15_000;
/** So that a server which moved to another address is found there. Seconds. */
const LIFETIME = 1_800;
const MAX_WAITING = 10_000;

export const clientConfig = ({
  target,
  tls,
  readOnly,
  durable,
}: Pick<PoolOptions, 'target' | 'tls' | 'readOnly' | 'durable'>) => ({
  host: target.host,
  port: target.port,
  database: target.database,
  ...(target.user !== undefined && { user: target.user }),
  ...(target.password !== undefined && { password: target.password }),
  ssl: tls,
  types,
  pipeline: true,
  keepAlive: true,
  keepAliveInitialDelayMillis: KEEP_ALIVE,
  connectionTimeoutMillis: target.connectTimeout,
  application_name: target.applicationName,
  // A pooler takes no settings for a session, because it gives each transaction another one.
  ...(!target.pooled && {
    statement_timeout: target.statementTimeout,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION,
    // Compiling a plan costs more than any statement of ours runs.
    options: [
      '-c jit=off',
      readOnly && '-c default_transaction_read_only=on',
      durable && '-c synchronous_commit=on',
      target.options,
    ]
      .filter(Boolean)
      .join(' '),
  }),
});

/** Connections to one server. It survives the server's restart. */
export class Pool {
  readonly #pool: pg.Pool;
  readonly #options: PoolOptions;
  readonly #names: StatementNames | undefined;
  /** What a unit begins with, each statement with its semicolon. */
  readonly prelude: string;
  /** Units that were in each other's way run again one after another, so that they are not once more. */
  readonly inTheWay = new Turns();

  constructor(options: PoolOptions) {
    const { pooled } = options.target;
    this.#options = options;
    this.prelude = pooled ? settingsOfUnits(options) : '';
    this.#names = pooled ? undefined : new StatementNames();
    this.#pool = new pg.Pool({
      ...clientConfig(options),
      max: options.size,
      idleTimeoutMillis: IDLE,
      maxLifetimeSeconds: LIFETIME,
    });
    // Whoever uses a client hears of its errors by its statements; one that nobody uses is replaced.
    this.#pool.on('connect', (client) => client.on('error', () => {}));
    this.#pool.on('error', (error) => options.reachability.lost(error));
  }

  /** Throws what `isLost` knows where no connection can be had. */
  async acquire(): Promise<Session> {
    if (this.#pool.waitingCount >= MAX_WAITING) throw overloadedError();
    try {
      const client = await this.#pool.connect();
      this.#options.reachability.reached();
      return new Session(client, this.#names, this.#options.target.statementTimeout);
    } catch (error) {
      this.#options.reachability.lost(error);
      throw error;
    }
  }

  /** Runs `action` on a connection that is given back afterwards, or ended where it may not be used again. */
  async using<R>(action: (session: Session) => Promise<R>): Promise<R> {
    const session = await this.acquire();
    try {
      const result = await action(session);
      session.release();
      return result;
    } catch (error) {
      if (isLost(error)) this.#options.reachability.lost(error);
      if (isLost(error) || isStale(error)) session.end();
      else session.release();
      throw error;
    }
  }

  /** Once nobody uses any connection. */
  async close(): Promise<void> {
    await this.#pool.end();
  }
}

const settingsOfUnits = ({ target, durable }: PoolOptions): string =>
  [
    `statement_timeout = ${target.statementTimeout}`,
    `idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION}`,
    'jit = off',
    ...(durable ? ['synchronous_commit = on'] : []),
  ]
    .map((setting) => `set local ${setting}; `)
    .join('');
