import type { CallContext } from '../../../base/context.ts';
import { HoldfastError } from '../../../base/errors.ts';
import type { Client } from '../../../contract/holdfast/v1/auth.ts';
import { forgive } from '../attempts.ts';
import type { AuthDeps } from '../deps.ts';
import type { SessionsTable } from '../tables.ts';
import { type BegunSession, beginSession, newSession } from './begin.ts';
import type { CheckedPassword } from './check-password.ts';
import { deleteReplaced } from './delete.ts';

interface SignIn extends CheckedPassword {
  readonly kind: SessionsTable['kind'];
  readonly client: Client | undefined;
  /** The token of a web session that ends now. */
  readonly replaces?: string | undefined;
}

/** Starts a session for whoever gave the right password. */
export async function signIn(
  { db }: Pick<AuthDeps, 'db'>,
  { user, counters, kind, client, replaces }: SignIn,
  context: CallContext,
): Promise<BegunSession> {
  const wanted = { userId: user.id, kind, client, method: 'password' };
  const begun = newSession(wanted, Date.now());
  const done = await db.unit(async (tx) => {
    // The password was checked before this began: it may be another by now.
    const still = await tx
      .selectFrom('users')
      .select('password_hash')
      .where('id', '=', user.id)
      .forUpdate()
      .executeTakeFirst();
    if (still?.password_hash !== user.password_hash || !(await beginSession(tx, begun, wanted, context))) return false;
    await forgive(tx, counters);
    await deleteReplaced(tx, replaces);
    return true;
  });
  if (done) return begun;
  throw new HoldfastError('wrong_credentials', 'The e-mail or the password is wrong. Check both and try again.');
}
