import type { CallContext } from '../../base/context.ts';
import { HoldfastError } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import type { Logger } from '../../base/logger.ts';
import type { SignUpRequest, SignUpResponse } from '../../contract/holdfast/v1/auth.ts';
import { type Database, UniqueViolation } from '../../drivers/database/port.ts';
import { displayName } from './display-name.ts';
import { requireEmail } from './email.ts';
import { findUserByEmail } from './find-user-by-email.ts';
import type { PasswordHashing } from './hashing.ts';
import { requirePassword } from './password.ts';
import type { AuthTables, UsersTable } from './tables.ts';
import { userOf } from './users.ts';

export interface SignUpDeps {
  readonly db: Database<AuthTables>;
  readonly hashing: PasswordHashing;
  readonly signup: 'open' | 'closed';
  readonly log: Logger;
}

/** Makes an account. Of several that ask for the same e-mail at once, one gets it and the others hear `email_taken`. */
export async function signUp(
  { db, hashing, signup, log }: SignUpDeps,
  request: SignUpRequest,
  { signal, requestId }: CallContext,
): Promise<SignUpResponse> {
  if (signup === 'closed') {
    throw new HoldfastError('forbidden', 'Sign-up is closed on this server. Ask whoever runs it for an account.');
  }
  const email = requireEmail(request.email);
  const password = requirePassword(request.password);
  const name = displayName(request.name);
  // Only spares the hashing: what decides is the unique index.
  if (await findUserByEmail(db.reader, email)) throw emailTaken();

  const password_hash = await hashing.hash(password, signal);
  const row: UsersTable = { id: newId(), email, name, password_hash, created_at: Date.now() };
  try {
    await db.unit((tx) => tx.insertInto('users').values(row).execute());
  } catch (error) {
    if (error instanceof UniqueViolation) throw emailTaken();
    throw error;
  }
  log.info({ request_id: requestId, user_id: row.id }, 'account made');
  return { user: userOf(row) };
}

const emailTaken = () =>
  new HoldfastError('email_taken', 'There is an account with this e-mail already. Log in instead.');
