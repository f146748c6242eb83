import type { Kysely } from 'kysely';
import type { CallContext, Principal } from '../../../base/context.ts';
import type { Client } from '../../../contract/holdfast/v1/auth.ts';
import { appendAudit } from '../audit/append.ts';
import { appendEvent } from '../events/append.ts';
import type { AuthTables, UsersTable } from '../tables.ts';

/** A row with what an account begins with. */
export const newUser = (
  given: Pick<UsersTable, 'id' | 'email' | 'name' | 'password_hash'> & Partial<UsersTable>,
): UsersTable => ({
  created_at: Date.now(),
  role: 'user',
  disabled_at: null,
  email_verified_at: null,
  sessions_ended_at: 0,
  deleted_at: null,
  notify_uploads: 0,
  notify_failures: 0,
  ...given,
});

/** In the place of an e-mail, for an account that has none. No address has this form, so that it is nobody's. */
export const noAddress = (userId: string): string => `none:${userId}`;

/** Whether mail can be sent to the account. */
export const hasAddress = ({ email }: Pick<UsersTable, 'email'>): boolean => email.includes('@');

interface Maker {
  readonly client: Client | undefined;
  readonly actor?: Principal | undefined;
  /** For the audit trail. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Writes a new account, and that it was made. Throws `UniqueViolation` where the e-mail is taken. */
export async function insertUser(
  tx: Kysely<AuthTables>,
  row: UsersTable,
  { client, actor, data }: Maker,
  context: CallContext,
): Promise<void> {
  await tx.insertInto('users').values(row).execute();
  await noteNewUser(tx, row, { client, actor, data }, context);
}

/** Writes that an account was made, whose row is there. */
export async function noteNewUser(
  tx: Kysely<AuthTables>,
  row: UsersTable,
  { client, actor, data }: Maker,
  context: CallContext,
): Promise<void> {
  const entry = {
    action: 'user.created',
    target: ['user', row.id],
    client,
    data: { role: row.role, ...data },
  } as const;
  await appendAudit(tx, { ...entry, ...(actor && { actor }) }, context, row.created_at);
  await appendEvent(tx, row.id, 'user.created', {}, row.created_at);
}
