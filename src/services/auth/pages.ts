import type { SelectQueryBuilder } from 'kysely';
import { HoldfastError } from '../../base/errors.ts';
import type { PageRequest } from '../../contract/holdfast/v1/common.ts';
import type { Dialect } from '../../drivers/database/port.ts';
import type { AuthTables } from './tables.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

/** Where a page ended: what the latest come first by, and the id that breaks ties. */
interface Position {
  readonly createdAt: number;
  readonly id: string;
}

interface Page {
  readonly limit: number;
  readonly after: Position | undefined;
}

interface Listed {
  readonly id: string;
  readonly created_at: number;
}

/**
 * A page of a query's rows, the latest first, and where the next page begins; empty on the last. `filter` is what the
 * cursor is bound to.
 */
export async function latestFirst<Table extends keyof AuthTables, Row extends Listed>(
  dialect: Dialect,
  query: SelectQueryBuilder<AuthTables, Table, Row>,
  request: PageRequest | undefined,
  filter: readonly unknown[] = [],
): Promise<{ readonly rows: readonly Row[]; readonly nextCursor: string }> {
  const page = readPage(request, filter);
  const { limit, after } = page;
  // Each table that is listed has these columns; Kysely cannot see it of one that is a parameter.
  let ordered = (query as unknown as SelectQueryBuilder<AuthTables, 'users', Row>)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1);
  if (after) ordered = ordered.where(dialect.beyond(['created_at', 'id'], '<', [after.createdAt, after.id]));
  return pageOf(await ordered.execute(), page, filter);
}

function readPage(request: PageRequest | undefined, filter: readonly unknown[]): Page {
  const { limit = 0, cursor = '', sort = '' } = request ?? {};
  if (!Number.isInteger(limit) || limit < 0 || limit > MAX_LIMIT) {
    throw invalid('limit', `The limit must be from 1 to ${MAX_LIMIT}.`);
  }
  if (sort !== '' && sort !== '-created_at') throw invalid('sort', 'This list begins with the latest, always.');
  return { limit: limit || DEFAULT_LIMIT, after: cursor === '' ? undefined : readCursor(cursor, filter) };
}

/** The rows of a page out of one row more than it has, and where the next one begins. */
function pageOf<R extends Listed>(
  rows: readonly R[],
  { limit }: Page,
  filter: readonly unknown[],
): { readonly rows: readonly R[]; readonly nextCursor: string } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  if (rows.length <= limit || !last) return { rows: shown, nextCursor: '' };
  const cursor = JSON.stringify([last.created_at, last.id, filter]);
  return { rows: shown, nextCursor: Buffer.from(cursor).toString('base64url') };
}

function readCursor(cursor: string, filter: readonly unknown[]): Position {
  try {
    const [createdAt, id, bound] = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const fits = Number.isSafeInteger(createdAt) && typeof id === 'string' && !id.includes('\0');
    if (fits && JSON.stringify(bound) === JSON.stringify(filter)) return { createdAt, id };
  } catch {
    // Refused below.
  }
  throw new HoldfastError('invalid_cursor', 'The cursor is not one of this list. Begin at the first page.');
}

const invalid = (path: string, message: string) =>
  new HoldfastError('invalid_request', message, { fields: [{ path, message }] });
