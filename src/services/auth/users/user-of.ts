import { type Notifications, Role, type User } from '../../../contract/holdfast/v1/auth.ts';
import type { UsersTable } from '../tables.ts';
import { hasAddress } from './insert.ts';

/** What others may know of an account. */
export const userOf = (row: UsersTable): User => ({
  id: row.id,
  email: hasAddress(row) ? row.email : '',
  name: row.name ?? undefined,
  createdAt: new Date(row.created_at),
  role: roleOf(row),
  emailVerified: row.email_verified_at !== null,
  hasPassword: row.password_hash !== '',
  disabledAt: row.disabled_at === null ? undefined : new Date(row.disabled_at),
  notifications: notificationsOf(row),
});

export const roleOf = ({ role }: Pick<UsersTable, 'role'>): Role => (role === 'admin' ? Role.ADMIN : Role.USER);

export const notificationsOf = (row: Pick<UsersTable, 'notify_uploads' | 'notify_failures'>): Notifications => ({
  uploads: row.notify_uploads === 1,
  failures: row.notify_failures === 1,
});
