import type { Logger } from '../../base/logger.ts';
import type { AuthServiceDefinition } from '../../contract/holdfast/v1/auth.ts';
import type { Database } from '../../drivers/database/port.ts';
import type { Service } from '../../rpc/contract.ts';
import { createAuthenticate } from './authenticate.ts';
import { getUser } from './get-user.ts';
import { createPasswordHashing, type PasswordHashing } from './hashing.ts';
import { logIn } from './log-in.ts';
import { signUp } from './sign-up.ts';
import type { AuthTables } from './tables.ts';
import { createAccessTokens } from './tokens.ts';

export { AUTH_MIGRATIONS } from './migrations/index.ts';
export type { AuthTables } from './tables.ts';

export interface AuthDeps {
  readonly db: Database<AuthTables>;
  /** At least 32 bytes, and for nothing else. */
  readonly signingKey: Uint8Array;
  readonly signup: 'open' | 'closed';
  readonly log: Logger;
  readonly hashing?: PasswordHashing;
}

/** Accounts, and the question "who is this?". An account's owner id is its user id. */
export function createAuthService({
  db,
  signingKey,
  signup,
  log,
  hashing = createPasswordHashing(),
}: AuthDeps): Service<AuthServiceDefinition> {
  const tokens = createAccessTokens(signingKey);
  const authenticate = createAuthenticate(db.reader, tokens);
  return {
    signUp: (request, context) => signUp({ db, hashing, signup, log }, request, context),
    logIn: (request, context) => logIn({ reader: db.reader, hashing, tokens }, request, context),
    authenticate,
    getUser: (request, context) => getUser(db.reader, request, context),
  };
}
