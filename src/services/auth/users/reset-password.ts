import { forgive, signInCounters } from '../attempts.ts';
import { appendAudit } from '../audit/append.ts';
import type { AuthVerb } from '../deps.ts';
import { appendEvent } from '../events/append.ts';
import { dropTokens, findByToken, RESET, useToken, VERIFICATION } from '../mail/tokens.ts';
import { requirePassword } from '../password.ts';
import { deleteSessions } from '../sessions/delete.ts';

/**
 * Whoever has the token reads the mailbox, so the address is confirmed too, and a lock for wrong passwords is lifted. All
 * sessions end: the reason may be that somebody else has one.
 */
export const resetPassword: AuthVerb<'resetPassword'> =
  (deps) =>
  async ({ token, newPassword, client }, context) => {
    const { db, hashing } = deps;
    const found = await findByToken(db.reader, RESET, token, Date.now());
    const password = requirePassword(newPassword, found.email, 'newPassword');
    const password_hash = await hashing.hash(password, context.signal);
    const now = Date.now();
    await db.unit(async (tx) => {
      const user = await useToken(tx, RESET, token, now);
      await tx
        .updateTable('users')
        .set({ password_hash, sessions_ended_at: now, email_verified_at: user.email_verified_at ?? now })
        .where('id', '=', user.id)
        .execute();
      await dropTokens(tx, VERIFICATION, user.id);
      await deleteSessions(tx, (query) => query.where('user_id', '=', user.id));
      if (user.email_verified_at === null) {
        // Until now it was the account of whoever wrote down the address: nothing that they made may open it any more.
        await tx.deleteFrom('api_tokens').where('user_id', '=', user.id).execute();
      }
      await forgive(tx, signInCounters(user.email, undefined));
      const actor = { kind: 'user', ownerId: user.id } as const;
      await appendAudit(tx, { action: 'password.reset', target: ['user', user.id], client, actor }, context, now);
      await appendEvent(tx, user.id, 'password.changed', {}, now);
    });
    deps.onEvent();
    return {};
  };
