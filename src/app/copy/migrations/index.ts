import type { Migration } from '../../../drivers/database/port.ts';
import { copy } from './0001_copy.ts';

/** In the order in which they run. */
export const COPY_MIGRATIONS: readonly Migration[] = [copy];
