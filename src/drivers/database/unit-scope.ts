import type { CompiledQuery, Kysely, QueryResult } from 'kysely';
import type { Execute, KyselyOver } from './kysely-over.ts';

export interface UnitStatements {
  /** Makes the handle. */
  readonly over: KyselyOver;
  /** Runs one statement in the unit's transaction. */
  readonly execute: (query: CompiledQuery) => QueryResult<unknown> | Promise<QueryResult<unknown>>;
  /** What the port promises to throw, for what a statement threw. */
  readonly portError: (error: unknown) => unknown;
}

/** What one unit of work is given: usable until its end, or until a statement of it fails. */
export class UnitScope {
  // biome-ignore lint/suspicious/noExplicitAny: a unit of any service.
  readonly tx: Kysely<any>;
  readonly #run: UnitStatements['execute'];
  readonly #portError: UnitStatements['portError'];
  /** What a statement threw. */
  failure: { readonly error: unknown } | undefined;
  #ended = false;

  constructor({ over, execute, portError }: UnitStatements) {
    this.#run = execute;
    this.#portError = portError;
    this.tx = over(this.#execute);
  }

  /** Throws what a statement threw, also where the unit caught it: not every database can go on after it. */
  assertWhole(): void {
    if (this.failure) throw this.failure.error;
  }

  end(): void {
    this.#ended = true;
  }

  readonly #execute: Execute = async (query) => {
    if (this.#ended) throw new Error('The unit of work has ended: await every query inside of it.');
    this.assertWhole();
    try {
      return await this.#run(query);
    } catch (thrown) {
      const error = this.#portError(thrown);
      this.failure ??= { error };
      throw error;
    }
  };
}
