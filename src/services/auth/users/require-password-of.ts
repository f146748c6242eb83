import type { CallContext } from '../../../base/context.ts';
import { HoldfastError } from '../../../base/errors.ts';
import type { Client } from '../../../contract/holdfast/v1/auth.ts';
import { countChecked, forgive, signInCounters } from '../attempts.ts';
import type { AuthDeps } from '../deps.ts';
import { normalisePassword } from '../password.ts';
import type { UsersTable } from '../tables.ts';

interface Claim {
  readonly user: Pick<UsersTable, 'email' | 'password_hash'>;
  readonly password: string;
  readonly client: Client | undefined;
}

/**
 * Makes sure that somebody knows the password of this account. Guesses are counted as at a log-in. Throws
 * `wrong_credentials`, also where the account has none.
 */
export async function requirePasswordOf(
  { db, hashing }: Pick<AuthDeps, 'db' | 'hashing'>,
  { user, password, client }: Claim,
  context: CallContext,
): Promise<void> {
  const counters = signInCounters(user.email, client);
  const given = normalisePassword(password) ?? '';
  const isRight = await countChecked(db, counters, () =>
    hashing.matches(given, user.password_hash || undefined, context.signal),
  );
  if (!isRight) throw wrongPassword();
  await db.unit((tx) => forgive(tx, counters));
}

export const wrongPassword = () =>
  new HoldfastError(
    'wrong_credentials',
    'The password is wrong: it has to be the account’s present one. Check it and try again.',
  );
