import type { CallContext } from '../../../base/context.ts';
import { HoldfastError } from '../../../base/errors.ts';
import type { Client } from '../../../contract/holdfast/v1/auth.ts';
import { countChecked, forgive, passwordCounters } from '../attempts.ts';
import { appendAudit } from '../audit/append.ts';
import type { AuthDeps } from '../deps.ts';
import { normalisePassword } from '../password.ts';
import type { UsersTable } from '../tables.ts';

interface Claim {
  readonly user: Pick<UsersTable, 'id' | 'password_hash'>;
  readonly password: string;
  readonly client: Client | undefined;
}

/**
 * Makes sure that whoever has a session of this account, or a mail to it, knows its password, too. Guesses are counted,
 * and stand in the audit trail. Throws `wrong_credentials`, also where the account has none.
 */
export async function requirePasswordOf(
  { db, hashing }: Pick<AuthDeps, 'db' | 'hashing'>,
  { user, password, client }: Claim,
  context: CallContext,
): Promise<void> {
  const counters = passwordCounters(user.id);
  const given = normalisePassword(password) ?? '';
  const isRight = await countChecked(db, counters, () =>
    hashing.matches(given, user.password_hash || undefined, context.signal),
  );
  const refusal = { action: 'password.refused', target: ['user', user.id], client } as const;
  await db.unit((tx) => (isRight ? forgive(tx, counters) : appendAudit(tx, refusal, context, Date.now())));
  if (!isRight) throw wrongPassword();
}

export const wrongPassword = () =>
  new HoldfastError(
    'wrong_credentials',
    'The password is wrong: it has to be the account’s present one. Check it and try again.',
  );
