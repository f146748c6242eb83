import { requireUser } from '../access.ts';
import { appendAudit } from '../audit/append.ts';
import type { AuthVerb } from '../deps.ts';
import { appendEvent } from '../events/append.ts';
import { dropTokens, RESET } from '../mail/tokens.ts';
import { requirePassword } from '../password.ts';
import { deleteSessions } from '../sessions/delete.ts';
import { requireGoingOn } from '../sessions/going-on.ts';
import { findUser } from './find.ts';
import { noSuchAccount } from './get.ts';
import { requirePasswordOf, wrongPassword } from './require-password-of.ts';

/**
 * Whoever found an open browser does not get the account: the present password is asked for, and guesses are counted.
 */
export const changePassword: AuthVerb<'changePassword'> = (deps) => async (request, context) => {
  const { currentPassword, newPassword, keepSessionId = '', client } = request;
  const { db, hashing } = deps;
  const userId = requireUser(context);
  const user = await findUser(db.reader, userId);
  if (!user || user.deleted_at !== null) throw noSuchAccount();
  const password = requirePassword(newPassword, user.email, 'newPassword');

  if (user.password_hash !== '') await requirePasswordOf(deps, { user, password: currentPassword, client }, context);
  const password_hash = await hashing.hash(password, context.signal);
  const now = Date.now();
  await db.unit(async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('users')
      .set({ password_hash, sessions_ended_at: now })
      .where('id', '=', userId)
      .where('password_hash', '=', user.password_hash)
      .executeTakeFirst();
    // Another change came first: this one rests on a password that is none any more.
    if (numUpdatedRows === 0n) throw wrongPassword();
    await requireGoingOn(tx, { userId, sessionId: keepSessionId }, now);
    await dropTokens(tx, RESET, userId);
    await deleteSessions(tx, (query) => query.where('user_id', '=', userId).where('id', '<>', keepSessionId));
    await appendAudit(tx, { action: 'password.changed', target: ['user', userId], client }, context, now);
    await appendEvent(tx, userId, 'password.changed', {}, now);
  });
  deps.onEvent();
  return {};
};
