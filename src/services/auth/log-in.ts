import type { Kysely } from 'kysely';
import type { CallContext } from '../../base/context.ts';
import { HoldfastError } from '../../base/errors.ts';
import type { LogInRequest, LogInResponse } from '../../contract/holdfast/v1/auth.ts';
import { normaliseEmail } from './email.ts';
import { findUserByEmail } from './find-user-by-email.ts';
import type { PasswordHashing } from './hashing.ts';
import { normalisePassword } from './password.ts';
import type { AuthTables } from './tables.ts';
import { ACCESS_TOKEN_SECONDS, type AccessTokens } from './tokens.ts';
import { userOf } from './users.ts';

export interface LogInDeps {
  readonly reader: Kysely<AuthTables>;
  readonly hashing: PasswordHashing;
  readonly tokens: AccessTokens;
}

/** Answers the same, in words and in time, whether there is no such account or the password is another. */
export async function logIn(
  { reader, hashing, tokens }: LogInDeps,
  request: LogInRequest,
  { signal }: CallContext,
): Promise<LogInResponse> {
  const email = normaliseEmail(request.email);
  const password = normalisePassword(request.password);
  const row = email === undefined ? undefined : await findUserByEmail(reader, email);
  // A password that breaks the rules is nobody's: the empty one, compared in its place, matches no hash.
  const right = await hashing.matches(password ?? '', row?.password_hash, signal);
  if (!row || !right) {
    throw new HoldfastError('wrong_credentials', 'The e-mail or the password is wrong. Check both and try again.');
  }
  return { accessToken: await tokens.issue(row.id), expiresIn: ACCESS_TOKEN_SECONDS, user: userOf(row) };
}
