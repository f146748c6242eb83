import type { Migration } from '../../../drivers/database/port.ts';
import { NAME_SEARCH } from '../name-search.ts';

/** Names are searched by longer runs of characters, where they were by runs of three. */
export const nameSearch: Migration = {
  name: '0004_name_search',
  up: (db, dialect) => dialect.search.renew(db, NAME_SEARCH),
};
