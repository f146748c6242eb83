import { pagesOf, type Row } from '../rows/cursor.ts';
import { type AnyDatabase, COPIED_TABLES, type CopiedTable } from '../tables.ts';

/** An object that a row refers to. */
export interface Claim {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal; undefined where the row does not know it yet. */
  readonly sha256: string | undefined;
  readonly contentType: string;
}

const PAGE = 200;

/** All objects that rows of the source refer to, a page at a time. */
export async function* claimsOf(source: AnyDatabase): AsyncGenerator<readonly Claim[], void> {
  for (const table of COPIED_TABLES) if (table.object) yield* claimsIn(source, table, table.object);
}

type Objects = NonNullable<CopiedTable['object']>;

async function* claimsIn(source: AnyDatabase, table: CopiedTable, object: Objects) {
  const { unless } = object;
  const columns = [object.key, object.size, object.sha256, object.contentType];
  const more = unless && (unless.of ? [unless.of.by] : [unless.column]);
  const all = [...new Set([...table.key, ...columns, ...(more ?? [])])];
  for await (const page of pagesOf(source, table, all, PAGE)) {
    const rows = page.filter((row) => row[object.key] !== null);
    const released = await releasedAmong(source, rows, unless);
    yield rows.filter((row) => !released(row)).map((row) => claimBy(row, object));
  }
}

const claimBy = (row: Row, { key, size, sha256, contentType }: Objects): Claim => ({
  key: String(row[key]),
  size: Number(row[size]),
  sha256: row[sha256] === null ? undefined : String(row[sha256]),
  contentType: String(row[contentType]),
});

async function releasedAmong(source: AnyDatabase, rows: readonly Row[], unless: Objects['unless']) {
  if (!unless || rows.length === 0) return () => false;
  const { column, of } = unless;
  if (!of) return (row: Row) => row[column] !== null;
  const ids = [...new Set(rows.map((row) => row[of.by]))];
  const standing: Row[] = await source.reader
    .selectFrom(of.table)
    .select(of.key)
    .where(of.key, 'in', ids)
    .where(column, 'is', null)
    .execute();
  const keys = new Set(standing.map((row) => row[of.key]));
  return (row: Row) => !keys.has(row[of.by] as string);
}
