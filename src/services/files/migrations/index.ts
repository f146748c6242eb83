import type { Migration } from '../../../drivers/database/port.ts';
import { files } from './0001_files.ts';

/** In the order in which they run. */
export const FILES_MIGRATIONS: readonly Migration[] = [files];
