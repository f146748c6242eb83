import type { Socket } from 'node:net';
import type { CompiledQuery, QueryResult } from 'kysely';
import type { QueryResult as PgResult, PoolClient } from 'pg';
import { checkParameters } from '../parameters.ts';
import type { StatementNames } from './statement-names.ts';

type Statement = Pick<CompiledQuery, 'sql' | 'parameters'>;

/** How much longer than the server a statement is waited for, where the server does not end it: milliseconds. */
const GRACE = 5_000;

/** A connection for whoever has it, until it is released or ended. Statements that are given at once go out at once. */
export class Session {
  readonly #client: PoolClient;
  readonly #names: StatementNames | undefined;
  readonly #timeout: number;
  readonly #onError = (error: unknown) => {
    this.#failure ??= { error };
    this.#lose(error);
  };
  /** Never resolves; rejects when the connection is lost. */
  readonly lost: Promise<never>;
  #lose: (error: unknown) => void = () => {};
  #failure: { readonly error: unknown } | undefined;
  #gathering = false;

  constructor(client: PoolClient, names: StatementNames | undefined, timeout: number) {
    this.#client = client;
    this.#names = names;
    this.#timeout = timeout;
    this.lost = new Promise((_, reject) => {
      this.#lose = reject;
    });
    this.lost.catch(() => {});
    client.on('error', this.#onError);
  }

  /** The first thing that a statement or the connection threw. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  async execute({ sql, parameters }: Statement, timeout = this.#timeout): Promise<QueryResult<unknown>> {
    // A list is one parameter (see the query compiler).
    checkParameters(parameters.flat());
    const name = this.#names?.nameOf(sql, parameters.length);
    const result = await this.#query(
      { text: sql, values: [...parameters], ...(name !== undefined && { name }) },
      timeout,
    );
    const rows = result.rows ?? [];
    return result.command === 'SELECT' || result.rowCount === null
      ? { rows }
      : { rows, numAffectedRows: BigInt(result.rowCount) };
  }

  /** Runs statements of our own that take nothing; answers what the last one gave. */
  async run(text: string, timeout = this.#timeout): Promise<PgResult> {
    const results: PgResult | PgResult[] = await this.#query({ text }, timeout);
    return Array.isArray(results) ? (results.at(-1) as PgResult) : results;
  }

  /** Gives the connection back. */
  release(): void {
    this.#leave();
    this.#client.release();
  }

  /** Ends the connection. */
  end(): void {
    this.#leave();
    this.#client.release(true);
  }

  #leave(): void {
    this.#client.off('error', this.#onError);
  }

  /** What is asked for in the same turn goes out in one piece: each piece wakes the server, and costs a system call. */
  #gather(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    const { stream } = (this.#client as unknown as { readonly connection: { readonly stream: Socket } }).connection;
    stream.cork();
    process.nextTick(() => {
      this.#gathering = false;
      stream.uncork();
    });
  }

  async #query(config: { text: string; values?: unknown[]; name?: string }, timeout: number): Promise<PgResult> {
    this.#gather();
    try {
      return await this.#client.query({ ...config, query_timeout: timeout + GRACE } as typeof config);
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    }
  }
}
