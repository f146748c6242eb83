import type { Migration } from '../../../drivers/database/port.ts';
import { mail } from './0001_mail.ts';

/** In the order in which they run. */
export const NOTIFIER_MIGRATIONS: readonly Migration[] = [mail];
