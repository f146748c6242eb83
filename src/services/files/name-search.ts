import type { SearchIndex } from '../../drivers/database/port.ts';

/** Names are found by any part of them, case-insensitively: the column holds `nameKey`. */
export const NAME_SEARCH: SearchIndex = { table: 'files', column: 'name_key', key: 'id' };
