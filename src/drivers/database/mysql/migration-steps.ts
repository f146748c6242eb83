import { createHash } from 'node:crypto';
import type { CompiledQuery, QueryResult } from 'kysely';
import { isLost, isNumber } from './errors.ts';
import type { Session } from './session.ts';
import { changesRows, reads } from './statements.ts';

/** What a statement that changes tables meets when it was carried out before. */
const THERE_ALREADY = [
  1050, // a table by this name
  1060, // a column
  1061, // an index
  1068, // a primary key
  1359, // a trigger
  1826, // a foreign key
];
const GONE_ALREADY = [
  1051, // no such table
  1091, // no such column or index
  1360, // no such trigger
];

interface Step {
  readonly step: string;
  readonly occurrence: number;
  readonly done: number;
  readonly affected: number;
}

/**
 * Each statement of a migration that changes something is carried out once, however often the migration is begun: it is
 * noted, by what it says and how often that was said before, with what it answered, and left out the next time.
 *
 * A change of rows is noted in its own transaction. A change of tables is none of a transaction, but whole or not at all
 * on both servers; it is noted before it begins and when it is done, and where the note says that it was begun, to find
 * it carried out is no error. What only reads is read again.
 */
export class MigrationSteps {
  readonly #session: Session;
  readonly #table: string;
  readonly #migration: string;
  readonly #known: Map<string, Step>;
  readonly #said = new Map<string, number>();

  private constructor(session: Session, table: string, migration: string, known: readonly Step[]) {
    this.#session = session;
    this.#table = table;
    this.#migration = migration;
    this.#known = new Map(known.map((step) => [keyOf(step), step]));
  }

  static async open(
    session: Session,
    { service, name }: { readonly service: string; readonly name: string },
  ): Promise<MigrationSteps> {
    const table = `\`${service}_migration_steps\``;
    await run(
      session,
      `create table if not exists ${table} (migration varbinary(255) not null, step varbinary(64) not null,
        occurrence int not null, done int not null, affected bigint not null, primary key (migration, step, occurrence))`,
    );
    const { rows } = await run(session, `select * from ${table} where migration = ?`, [name]);
    return new MigrationSteps(session, table, name, rows as Step[]);
  }

  async execute({ sql, parameters }: Pick<CompiledQuery, 'sql' | 'parameters'>): Promise<QueryResult<unknown>> {
    if (reads(sql)) return run(this.#session, sql, parameters);
    const step = createHash('sha256')
      .update(JSON.stringify([sql, parameters]))
      .digest('hex');
    const occurrence = this.#said.get(step) ?? 0;
    this.#said.set(step, occurrence + 1);
    const known = this.#known.get(keyOf({ step, occurrence }));
    if (known?.done) return { rows: [], numAffectedRows: BigInt(known.affected) };
    const key = [this.#migration, step, occurrence];
    return changesRows(sql)
      ? this.#changeRows(key, sql, parameters)
      : this.#changeTables(key, sql, known !== undefined);
  }

  /** The migration is in the ledger: how it came there matters no more. */
  async forget(): Promise<void> {
    await run(this.#session, `delete from ${this.#table} where migration = ?`, [this.#migration]);
  }

  async #changeRows(key: readonly unknown[], sql: string, parameters: readonly unknown[]) {
    await run(this.#session, 'START TRANSACTION');
    try {
      const result = await run(this.#session, sql, parameters);
      await this.#note(key, 1, result.numAffectedRows);
      await run(this.#session, 'COMMIT');
      return result;
    } catch (error) {
      if (!this.#session.ended) await run(this.#session, 'ROLLBACK');
      throw error;
    }
  }

  async #changeTables(key: readonly unknown[], sql: string, begunBefore: boolean): Promise<QueryResult<unknown>> {
    if (!begunBefore) await this.#note(key, 0);
    const where = 'where migration = ? and step = ? and occurrence = ?';
    try {
      await run(this.#session, sql);
    } catch (error) {
      const carriedOut = begunBefore && isNumber(error, ...THERE_ALREADY, ...GONE_ALREADY);
      if (!carriedOut) {
        // What the server has refused was not begun.
        if (!isLost(error)) await run(this.#session, `delete from ${this.#table} ${where}`, key);
        throw error;
      }
    }
    await run(this.#session, `update ${this.#table} set done = 1 ${where}`, key);
    return { rows: [] };
  }

  async #note(key: readonly unknown[], done: 0 | 1, affected = 0n): Promise<void> {
    await run(this.#session, `insert into ${this.#table} values (?, ?, ?, ?, ?)`, [...key, done, Number(affected)]);
  }
}

const keyOf = ({ step, occurrence }: Pick<Step, 'step' | 'occurrence'>) => `${step} ${occurrence}`;

/** However long it takes: a large table is changed in hours. */
const run = (session: Session, sql: string, parameters: readonly unknown[] = []) => session.execute(sql, parameters, 0);
