import type { Kysely } from 'kysely';
import { HoldfastError } from '../../../base/errors.ts';
import type { AuthTables } from '../tables.ts';

interface Named {
  readonly userId: string;
  readonly sessionId: string;
}

/** Whether the session is one of this user's, and has not ended. */
export async function goesOn(tx: Kysely<AuthTables>, { userId, sessionId }: Named, now: number): Promise<boolean> {
  const session = await tx
    .selectFrom('sessions')
    .select('id')
    .where('id', '=', sessionId)
    .where('user_id', '=', userId)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return session !== undefined;
}

/**
 * Throws `unauthenticated` where the session has ended, in a unit of work that has locked the account. Gateways take a
 * session for good for a moment longer: by then it must not make what outlives it, a token or a password, because whoever
 * ended it would not be rid of whom they ended it for. Who has no session, such as `holdfast admin`, names none.
 */
export async function requireGoingOn(tx: Kysely<AuthTables>, named: Named, now: number): Promise<void> {
  if (named.sessionId === '' || (await goesOn(tx, named, now))) return;
  throw new HoldfastError('unauthenticated', 'You are not signed in any more. Sign in, and try again.');
}
