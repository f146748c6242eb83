import type { CallContext } from '../../../base/context.ts';
import { HoldfastError } from '../../../base/errors.ts';
import type { Client } from '../../../contract/holdfast/v1/auth.ts';
import { countChecked, forgive, signInCounters } from '../attempts.ts';
import { appendAudit } from '../audit/append.ts';
import type { AuthDeps } from '../deps.ts';
import { normaliseEmail } from '../email.ts';
import { normalisePassword } from '../password.ts';
import type { UsersTable } from '../tables.ts';
import { findUserByEmail } from '../users/find-by-email.ts';

interface Credentials {
  readonly email: string;
  readonly password: string;
  readonly client?: Client | undefined;
}

export interface CheckedPassword {
  readonly user: UsersTable;
  /** To be forgiven when the session is made: this was no failure. */
  readonly counters: ReturnType<typeof signInCounters>;
}

/**
 * Whose e-mail and password these are. Answers the same, in words and in time, whether there is no such account, the
 * password is another, or the account is disabled. Throws `email_unverified` to whoever has the right password of an account
 * whose e-mail has to be confirmed first.
 */
export async function checkPassword(
  deps: Pick<AuthDeps, 'db' | 'hashing' | 'emailVerification'>,
  { email: givenEmail, password: givenPassword, client }: Credentials,
  context: CallContext,
): Promise<CheckedPassword> {
  const { db, hashing } = deps;
  const email = normaliseEmail(givenEmail);
  const password = normalisePassword(givenPassword);
  const counters = signInCounters(email ?? givenEmail, client);
  const { user, right } = await countChecked(db, counters, async () => {
    const found = email === undefined ? undefined : await findUserByEmail(db.reader, email);
    // A password that breaks the rules is nobody's: the empty one, compared in its place, matches no hash.
    const matches = await hashing.matches(password ?? '', found?.password_hash || undefined, context.signal);
    return { user: found, right: matches };
  });
  const inUse = user && right && user.disabled_at === null && user.deleted_at === null;
  if (inUse && (deps.emailVerification === 'optional' || user.email_verified_at !== null)) return { user, counters };
  // Written for nobody too: it takes time.
  const refusal = { action: 'session.refused', target: ['user', user?.id ?? ''], client } as const;
  await db.unit(async (tx) => {
    await appendAudit(tx, refusal, context, Date.now());
    if (inUse) await forgive(tx, counters);
  });
  // Whoever knows the password may know this, too.
  if (inUse) throw emailUnverified();
  throw new HoldfastError('wrong_credentials', 'The e-mail or the password is wrong. Check both and try again.');
}

const emailUnverified = () =>
  new HoldfastError(
    'email_unverified',
    'Confirm your e-mail first: open the link in the mail that you got, or ask for another one.',
  );
