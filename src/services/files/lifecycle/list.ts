import type { SelectQueryBuilder } from 'kysely';
import { toWord } from '../../../base/enum-words.ts';
import { FileStatus, type ListFilesRequest } from '../../../contract/holdfast/v1/file.ts';
import type { Dialect } from '../../../drivers/database/port.ts';
import { ownerOf } from '../access.ts';
import type { FileVerb } from '../deps.ts';
import { toFile, variantsOf } from '../file-rows.ts';
import { checkText, invalidField } from '../invalid.ts';
import { NAME_SEARCH } from '../name-search.ts';
import { nameKey, normalizeFolder } from '../names.ts';
import { readPage } from '../pages.ts';
import type { FilesTables } from '../tables.ts';

const SORTS = {
  created_at: { column: 'created_at', holds: 'number' },
  name: { column: 'name_key', holds: 'string' },
  size: { column: 'size', holds: 'number' },
} as const;
type SortColumn = (typeof SORTS)[keyof typeof SORTS]['column'];
type FilesQuery<O> = SelectQueryBuilder<FilesTables, 'files', O>;

export const listFiles: FileVerb<'listFiles'> =
  ({ db }) =>
  async (request, context) => {
    const ownerId = ownerOf(context, request.ownerId);
    checkFilters(request);
    const { page: _, ...filter } = request;
    const page = readPage<SortColumn>(request.page, SORTS, filter);
    // Who has just uploaded looks at the first page. Where one pages on or searches, some seconds do not matter.
    const reader = page.after || request.query !== '' ? db.laggingReader : db.reader;
    let query = reader
      .selectFrom('files')
      .selectAll()
      .where('owner_id', '=', ownerId)
      .where('purge_reason', 'is', null);
    query = filtered(query, request, db.dialect);
    if (request.query !== '') {
      const among = { column: 'owner_id', value: ownerId };
      query = query.where(await db.dialect.search.matchesAmong(reader, NAME_SEARCH, among, nameKey(request.query)));
    }
    if (page.after) query = query.where(page.beyond(db.dialect, indexOf(page.sort.column, request.folder)));
    const rows = await query
      .orderBy(page.sort.column, page.sort.direction)
      .orderBy('id', page.sort.direction)
      .limit(page.limit + 1)
      .execute();
    const shown = rows.slice(0, page.limit);
    const variants = await variantsOf(
      reader,
      shown.map((row) => row.id),
    );
    const last = rows.length > page.limit ? shown.at(-1) : undefined;
    return {
      files: shown.map((row) => toFile(row, variants.get(row.id))),
      nextCursor: last ? page.cursorAfter({ value: last[page.sort.column], id: last.id }) : '',
    };
  };

/** The one that has the list in its order; undefined where a folder is in no order but its own. */
function indexOf(sort: SortColumn, folder: string | undefined): string | undefined {
  if (folder === undefined)
    return { created_at: 'files_by_age', name_key: 'files_by_name', size: 'files_by_size' }[sort];
  return sort === 'created_at' ? 'files_by_folder' : undefined;
}

/** No file has more of metadata, in bytes, nor more keys. */
const MAX_METADATA = 4096;
const MAX_METADATA_KEYS = 32;

/** What no file could match is a mistake, and not an empty list. */
function checkFilters({ query, contentType, metadata }: ListFilesRequest): void {
  checkText('query', query, 255);
  checkText('content_type', contentType, 255);
  const filters = Object.entries(metadata);
  if (filters.length > MAX_METADATA_KEYS) {
    throw invalidField('metadata', `A filter takes at most ${MAX_METADATA_KEYS} keys.`);
  }
  for (const [key, value] of filters) checkText(`metadata.${key.slice(0, 255)}`, key + value, MAX_METADATA);
}

function filtered<O>(query: FilesQuery<O>, request: ListFilesRequest, dialect: Dialect): FilesQuery<O> {
  let narrowed = query.where('deleted_at', request.trash ? 'is not' : 'is', null);
  narrowed =
    request.status === FileStatus.UNSPECIFIED
      ? // What is not there whole is shown to whoever asks for it, and to nobody else.
        narrowed.where('status', '!=', 'pending')
      : narrowed.where('status', '=', toWord(FileStatus, request.status));
  if (request.folder !== undefined) narrowed = narrowed.where('folder', '=', normalizeFolder(request.folder));
  if (request.contentType !== '') narrowed = ofType(narrowed, request.contentType.toLowerCase());
  for (const [key, value] of Object.entries(request.metadata)) {
    narrowed = narrowed.where(({ eb, ref }) => eb(dialect.jsonText(ref('metadata'), key), '=', value));
  }
  return narrowed;
}

/** A type matches with and without parameters; a family (`image/*`) by its range of strings. */
function ofType<O>(query: FilesQuery<O>, type: string): FilesQuery<O> {
  const starting = (prefix: string, end: string) =>
    query.where((eb) => eb.and([eb('content_type', '>=', prefix), eb('content_type', '<', end)]));
  if (type.endsWith('/*')) {
    const family = type.slice(0, -1);
    return starting(family, `${family.slice(0, -1)}0`);
  }
  return query.where((eb) =>
    eb.or([
      eb('content_type', '=', type),
      eb.and([eb('content_type', '>=', `${type};`), eb('content_type', '<', `${type}<`)]),
    ]),
  );
}
