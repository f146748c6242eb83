import type { Kysely } from 'kysely';
import type { CallContext } from '../../base/context.ts';
import { HoldfastError } from '../../base/errors.ts';
import type { GetUserRequest, GetUserResponse } from '../../contract/holdfast/v1/auth.ts';
import { findUser } from './find-user.ts';
import type { AuthTables } from './tables.ts';
import { userOf } from './users.ts';

/** Users see themselves alone; of another's account they do not even hear that it is there. */
export async function getUser(
  reader: Kysely<AuthTables>,
  { userId }: GetUserRequest,
  { principal }: CallContext,
): Promise<GetUserResponse> {
  if (principal.kind === 'anonymous') throw new HoldfastError('unauthenticated', 'Log in first.');
  const allowed = principal.kind === 'service' || principal.ownerId === userId;
  const row = allowed ? await findUser(reader, userId) : undefined;
  if (!row) throw new HoldfastError('not_found', 'There is no such account.');
  return { user: userOf(row) };
}
