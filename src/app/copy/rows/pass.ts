import { type Kysely, sql } from 'kysely';
import { UniqueViolation } from '../../../drivers/database/port.ts';
import { patiently } from '../patiently.ts';
import type { AnyDatabase, AnyTables, CopiedTable } from '../tables.ts';
import { COPIED_TABLES } from '../tables.ts';
import type { Target } from '../target.ts';
import { keyOf, type Row } from './cursor.ts';
import { differencesOf } from './differences.ts';

export interface RowsReport {
  added: number;
  changed: number;
  removed: number;
}

export interface PassOptions {
  readonly source: AnyDatabase;
  readonly target: Target;
  readonly onRows: (seen: number) => void;
  readonly signal: AbortSignal;
}

/** Rows in one statement that names them by their keys, whose conditions nest in some databases. */
const AT_ONCE = 100;

/**
 * Brings the copy's rows up to those of a source that people write to meanwhile. What cannot be brought up yet, since
 * the pages are of different moments, the next pass does.
 */
export async function passLive(options: PassOptions): Promise<RowsReport> {
  const report = { added: 0, changed: 0, removed: 0 };
  for (const table of COPIED_TABLES) {
    await walk(
      options,
      table,
      async (tx, { added, changed, removed }) => {
        await remove(tx, table, [...removed, ...changed]);
        await insert(tx, options, table, [...added, ...changed]);
      },
      report,
    );
  }
  return report;
}

/**
 * Makes the copy's rows those of a source that is frozen. All that is to go goes first: what comes may have its place
 * in a unique index.
 */
export async function passLast(options: PassOptions): Promise<RowsReport> {
  const report = { added: 0, changed: 0, removed: 0 };
  const again = { added: 0, changed: 0, removed: 0 };
  for (const table of COPIED_TABLES) {
    await walk(options, table, (tx, { changed, removed }) => remove(tx, table, [...removed, ...changed]), report);
  }
  for (const table of COPIED_TABLES) {
    await walk(options, table, (tx, { added }) => insert(tx, options, table, added), again);
  }
  // A row that was changed was taken out by the first walk, and added by the second.
  return { ...report, added: again.added - report.changed };
}

/** How many rows of the copy differ from the source's. */
export async function countDifferences({ source, target, onRows, signal }: PassOptions): Promise<number> {
  let count = 0;
  for (const table of COPIED_TABLES) {
    for await (const { added, changed, removed, seen } of differencesOf(source, target.view, table)) {
      signal.throwIfAborted();
      count += added.length + changed.length + removed.length;
      onRows(seen);
    }
  }
  return count;
}

async function walk(
  { source, target, onRows, signal }: PassOptions,
  table: CopiedTable,
  apply: (tx: Kysely<AnyTables>, differences: { added: Row[]; changed: Row[]; removed: Row[] }) => Promise<void>,
  report: RowsReport,
): Promise<void> {
  for await (const found of differencesOf(source, target.view, table)) {
    signal.throwIfAborted();
    if (found.added.length + found.changed.length + found.removed.length > 0) {
      try {
        await patiently(signal, () => target.write((tx) => apply(tx, found)));
      } catch (error) {
        // A row that stands in the copy still has what one of these has now.
        if (!(error instanceof UniqueViolation)) throw error;
      }
      report.added += found.added.length;
      report.changed += found.changed.length;
      report.removed += found.removed.length;
    }
    onRows(found.seen);
  }
}

async function remove(tx: Kysely<AnyTables>, table: CopiedTable, rows: readonly Row[]): Promise<void> {
  for (let first = 0; first < rows.length; first += AT_ONCE) {
    const keys = rows.slice(first, first + AT_ONCE).map((row) => keyOf(table, row));
    const conditions = keys.map(
      (key) =>
        sql`(${sql.join(
          table.key.map((column, index) => sql`${sql.ref(column)} = ${key[index]}`),
          sql` and `,
        )})`,
    );
    await tx
      .deleteFrom(table.name)
      .where(sql<boolean>`(${sql.join(conditions, sql` or `)})`)
      .execute();
  }
}

async function insert(tx: Kysely<AnyTables>, { target }: PassOptions, table: CopiedTable, rows: readonly Row[]) {
  for (let first = 0; first < rows.length; first += AT_ONCE) {
    const some = rows.slice(first, first + AT_ONCE) as AnyTables[];
    await target.view.dialect.insertIfAbsent(tx, table.name, some, table.key as never);
  }
}
