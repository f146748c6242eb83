import type { Migration } from '../../../drivers/database/port.ts';
import { files } from './0001_files.ts';
import { fileQuota } from './0003_file_quota.ts';
import { nameSearch } from './0004_name_search.ts';

/** In the order in which they run. There is no 0002. */
export const FILES_MIGRATIONS: readonly Migration[] = [files, fileQuota, nameSearch];
