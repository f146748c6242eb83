import { createHash } from 'node:crypto';
import type { Expression, SqlBool } from 'kysely';
import type { PageRequest } from '../../contract/holdfast/v1/common.ts';
import type { Dialect } from '../../drivers/database/port.ts';
import { invalidField } from './invalid.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

/** A column to sort by, and what its values are. */
export interface Sortable<C extends string> {
  readonly column: C;
  readonly holds: 'number' | 'string';
}

export interface Sort<C extends string> extends Sortable<C> {
  readonly direction: 'asc' | 'desc';
}

/** Where a page ended: the sorted value and the id of its last row. */
export interface Position {
  readonly value: string | number;
  readonly id: string;
}

export interface Page<C extends string> {
  readonly limit: number;
  readonly sort: Sort<C>;
  readonly after: Position | undefined;
  /** The rows behind `after`, which is there. `index`: as `Dialect.beyond` takes it. */
  beyond(dialect: Dialect, index?: string): Expression<SqlBool>;
  /** The cursor of the page that begins behind this position. */
  cursorAfter(position: Position): string;
}

/**
 * Reads a page request. `columns` are the names that may be sorted by, with their columns; the first is the default,
 * descending; `idColumn` breaks ties. The cursor is bound to the sort and to `filter`: with others it is refused, instead
 * of skipping rows.
 */
export function readPage<C extends string>(
  request: PageRequest | undefined,
  columns: Readonly<Record<string, Sortable<C>>>,
  filter: unknown,
  idColumn = 'id',
): Page<C> {
  const { limit = 0, cursor = '', sort: sortText = '' } = request ?? {};
  if (!Number.isInteger(limit) || limit < 0 || limit > MAX_LIMIT) {
    throw invalidField('page.limit', `The limit must be from 1 to ${MAX_LIMIT}.`);
  }
  const sort = readSort(sortText, columns);
  const binding = createHash('sha256')
    .update(JSON.stringify([sort, filter]))
    .digest('base64url')
    .slice(0, 12);
  const after = cursor === '' ? undefined : readCursor(cursor, binding, sort);
  return {
    limit: limit || DEFAULT_LIMIT,
    sort,
    after,
    beyond(dialect, index) {
      if (!after) throw new TypeError('The first page is behind nothing.');
      const comparison = sort.direction === 'asc' ? '>' : '<';
      return dialect.beyond([sort.column, idColumn], comparison, [after.value, after.id], index);
    },
    cursorAfter: ({ value, id }) => Buffer.from(JSON.stringify([binding, value, id])).toString('base64url'),
  };
}

function readSort<C extends string>(text: string, columns: Readonly<Record<string, Sortable<C>>>): Sort<C> {
  const names = Object.keys(columns);
  const wanted = text || `-${names[0]}`;
  const descending = wanted.startsWith('-');
  const name = descending ? wanted.slice(1) : wanted;
  const sortable = Object.hasOwn(columns, name) ? columns[name] : undefined;
  if (sortable === undefined)
    throw invalidField('page.sort', `Sort by ${names.join(', ')}, with a leading "-" to descend.`);
  return { ...sortable, direction: descending ? 'desc' : 'asc' };
}

function readCursor(cursor: string, binding: string, { holds }: Sort<string>): Position {
  const refused = () =>
    invalidField(
      'page.cursor',
      'The cursor is not one of this list. Begin at the first page, with the same sort and filter.',
      'invalid_cursor',
    );
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    throw refused();
  }
  if (!Array.isArray(parts) || parts.length !== 3) throw refused();
  const [bound, value, id] = parts;
  if (bound !== binding || !isText(id)) throw refused();
  if (!(holds === 'string' ? isText(value) : Number.isSafeInteger(value))) throw refused();
  return { value, id };
}

/** That a database takes. */
const isText = (value: unknown) => typeof value === 'string' && !value.includes('\0');
