import type { AnyDatabase, CopiedTable } from '../tables.ts';
import { Cursor, compareKeys, keyOf, pagesOf, type Row } from './cursor.ts';

/** Some of what a table of the copy would have to become. */
export interface Differences {
  /** Rows that the copy has not. */
  readonly added: Row[];
  /** Rows, as they are to be, that stand in the copy with other values. */
  readonly changed: Row[];
  /** Rows of the copy that are no more. */
  readonly removed: Row[];
  /** Rows of the source that were looked at. */
  seen: number;
}

const MOST = 500;

const empty = (): Differences => ({ added: [], changed: [], removed: [], seen: 0 });
const sizeOf = ({ added, changed, removed }: Differences) => added.length + changed.length + removed.length;

/** Walks through both tables by their keys, and tells of at most `MOST` differences, or as many rows seen, at a time. */
export async function* differencesOf(
  source: AnyDatabase,
  copy: AnyDatabase,
  table: CopiedTable,
): AsyncGenerator<Differences, void> {
  const theirs = new Cursor(pagesOf(source, table));
  const ours = new Cursor(pagesOf(copy, table));
  let found = empty();
  for (;;) {
    const row = theirs.ready ? theirs.current : await theirs.peek();
    const other = ours.ready ? ours.current : await ours.peek();
    if (!row && !other) break;
    const order = !row ? 1 : !other ? -1 : compareKeys(keyOf(table, row), keyOf(table, other));
    if (row && order <= 0) {
      found.seen += 1;
      theirs.skip();
      if (order < 0) found.added.push(row);
    }
    if (other && order >= 0) {
      ours.skip();
      if (order > 0) found.removed.push(other);
      else if (row && !areEqual(table, row, other)) found.changed.push(row);
    }
    if (sizeOf(found) < MOST && found.seen < MOST) continue;
    yield found;
    found = empty();
  }
  if (sizeOf(found) > 0 || found.seen > 0) yield found;
}

const areEqual = ({ columns }: CopiedTable, row: Row, other: Row) =>
  columns.every((column) => row[column] === other[column]);
