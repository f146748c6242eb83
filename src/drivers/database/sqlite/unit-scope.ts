import type { CompiledQuery, Kysely, QueryResult } from 'kysely';
import type { Connection } from './connection.ts';
import { portError } from './errors.ts';
import { kyselyOver } from './kysely.ts';

/** What one unit of work is given: usable until its end, or until a statement of it fails. */
export class UnitScope {
  // biome-ignore lint/suspicious/noExplicitAny: a unit of any service.
  readonly tx: Kysely<any> = kyselyOver((query) => this.#execute(query));
  readonly #connection: Connection;
  /** What a statement threw. */
  failure: { readonly error: unknown } | undefined;
  #ended = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Throws what a statement threw, also where the unit caught it: other databases cannot go on after it either. */
  assertWhole(): void {
    if (this.failure) throw this.failure.error;
  }

  end(): void {
    this.#ended = true;
  }

  async #execute({ sql, parameters }: CompiledQuery): Promise<QueryResult<unknown>> {
    if (this.#ended) throw new Error('The unit of work has ended: await every query inside of it.');
    this.assertWhole();
    try {
      return this.#connection.execute(sql, parameters);
    } catch (thrown) {
      const error = portError(thrown);
      this.failure = { error };
      throw error;
    }
  }
}
