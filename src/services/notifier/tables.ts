import type { LeaseRow } from '../../outbox/leases.ts';
import type { DeliveryRow } from './deliveries/row.ts';

/** What the notifier keeps. No other service touches these tables. Times are Unix time in milliseconds. */
export interface NotifierTables {
  cursors: CursorsTable;
  mail_deliveries: MailDeliveriesTable;
  notifier_leases: LeaseRow;
}

/** How far a log was read: what came before is written down here, or was nothing to tell. */
export interface CursorsTable {
  /** Of the log. */
  name: string;
  position: number;
}

export interface MailDeliveriesTable extends DeliveryRow {
  kind: MailKind;
  user_id: string;
  /** JSON. Neither an address nor a token ever stands here: both are asked for when the mail is sent. */
  data: string;
}

/** What a mail tells: an event of an account, or what happened to files of a user within a minute. */
export type MailKind =
  | 'email.verification_requested'
  | 'password.reset_requested'
  | 'sign_up.repeated'
  | 'password.changed'
  | 'identity.linked'
  | 'identity.unlinked'
  | 'files.uploaded'
  | 'files.failed';
