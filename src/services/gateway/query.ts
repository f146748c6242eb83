import { HoldfastError } from '../../base/errors.ts';

const METADATA = 'metadata.';

/**
 * The filters `metadata.KEY=value` of a query. Each key may be asked for once; a key that the query names twice, as
 * one with an empty name, is `invalid_request`.
 */
export function metadataFilter(query: Readonly<Record<string, unknown>>): Record<string, string> {
  // Without a prototype, so that no key can touch it.
  const filter: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(query)) {
    if (!name.startsWith(METADATA)) continue;
    const key = name.slice(METADATA.length);
    if (key === '' || typeof value !== 'string') {
      const message = key === '' ? 'names no key' : 'is given more than once';
      throw new HoldfastError('invalid_request', `The query parameter ${name} ${message}.`, {
        fields: [{ path: name, message }],
      });
    }
    filter[key] = value;
  }
  return filter;
}

const SORTS: Readonly<Record<string, string>> = {
  createdAt: 'created_at',
  '-createdAt': '-created_at',
  owner: 'owner_id',
  '-owner': '-owner_id',
};

/** The contract's name of what a list is sorted by. */
export const toSort = (sort: string | undefined): string => (sort === undefined ? '' : (SORTS[sort] ?? sort));
