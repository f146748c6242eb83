import type { CallContext } from '../../../base/context.ts';
import { HoldfastError } from '../../../base/errors.ts';
import { countChecked, forgive, passwordCounters } from '../attempts.ts';
import type { AuthDeps } from '../deps.ts';
import { normalisePassword } from '../password.ts';
import type { UsersTable } from '../tables.ts';

/**
 * Makes sure that whoever has a session of this account, or a mail to it, knows its password, too. Guesses are counted.
 * Throws `wrong_credentials`, also where the account has none.
 */
export async function requirePasswordOf(
  { db, hashing }: Pick<AuthDeps, 'db' | 'hashing'>,
  user: Pick<UsersTable, 'id' | 'password_hash'>,
  password: string,
  context: CallContext,
): Promise<void> {
  const counters = passwordCounters(user.id);
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
