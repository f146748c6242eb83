import type { User } from '../../contract/holdfast/v1/auth.ts';
import type { UsersTable } from './tables.ts';

/** What others may know of an account. */
export const userOf = ({ id, email, name, created_at }: UsersTable): User => ({
  id,
  email,
  name: name ?? undefined,
  createdAt: new Date(created_at),
});
