import { sql } from 'kysely';
import type { AnyDatabase, CopiedTable } from '../tables.ts';

export type Value = string | number | null;
export type Row = Readonly<Record<string, Value>>;

const PAGE = 500;

export const keyOf = (table: CopiedTable, row: Row): (string | number)[] =>
  table.key.map((column) => row[column] as string | number);

/** Below 0 where `a` comes before `b`. Databases order texts by their bytes, and strings here are not ordered so. */
export function compareKeys(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  for (const [index, one] of a.entries()) {
    const other = b[index] as string | number;
    const order =
      typeof one === 'number' ? one - Number(other) : Buffer.compare(Buffer.from(one), Buffer.from(String(other)));
    if (order !== 0) return order;
  }
  return 0;
}

/** All rows in the order of their keys, a page at a time; each page sees one moment. */
export async function* pagesOf(
  db: AnyDatabase,
  table: CopiedTable,
  columns: readonly string[] = table.columns,
  size: number = PAGE,
): AsyncGenerator<readonly Row[], void> {
  let after: (string | number)[] | undefined;
  for (;;) {
    let query = db.reader.selectFrom(table.name).select(columns.map((column) => sql.ref(column).as(column)));
    if (after) query = query.where(db.dialect.beyond(table.key, '>', after));
    for (const column of table.key) query = query.orderBy(column);
    const rows = (await query.limit(size).execute()) as Row[];
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (!last || rows.length < size) return;
    after = keyOf(table, last);
  }
}

/** Takes the rows of pages one by one. */
export class Cursor {
  readonly #pages: AsyncGenerator<readonly Row[], void>;
  #page: readonly Row[] = [];
  #next = 0;
  #ended = false;

  constructor(pages: AsyncGenerator<readonly Row[], void>) {
    this.#pages = pages;
  }

  /** The row that is next, or undefined at the end. */
  async peek(): Promise<Row | undefined> {
    while (!this.#ended && this.#next >= this.#page.length) {
      const { value, done } = await this.#pages.next();
      this.#ended = done === true;
      this.#page = value ?? [];
      this.#next = 0;
    }
    return this.#page[this.#next];
  }

  /** Whether `peek` needs not ask the database. */
  get ready(): boolean {
    return this.#next < this.#page.length;
  }

  /** Only when `ready`. */
  get current(): Row {
    return this.#page[this.#next] as Row;
  }

  skip(): void {
    this.#next += 1;
  }
}
