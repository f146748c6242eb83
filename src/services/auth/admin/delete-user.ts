import { hasCode } from '../../../base/errors.ts';
import { requireAdmin } from '../access.ts';
import { appendAudit } from '../audit/append.ts';
import type { AdminVerb } from '../deps.ts';
import { appendEvent } from '../events/append.ts';
import { forgetIdentities } from '../identities/forget.ts';
import { dropTokens, RESET, VERIFICATION } from '../mail/tokens.ts';
import { deleteSessions } from '../sessions/delete.ts';
import { findUser } from '../users/find.ts';
import { lockUserUnlessLastAdmin } from './lock-user.ts';

/**
 * What tells who somebody was goes now, and the e-mail is free again. The row stays, with nothing but its id, until the
 * janitor has seen to it that no file of the account is left.
 */
export const deleteUser: AdminVerb<'deleteUser'> =
  (deps) =>
  async ({ userId, client }, context) => {
    await requireAdmin(deps, context);
    const now = Date.now();
    try {
      await deps.db.unit(async (tx) => {
        await lockUserUnlessLastAdmin(tx, userId);
        await tx
          .updateTable('users')
          // No address has this form, so that it is nobody's.
          .set({ email: `deleted:${userId}`, name: null, password_hash: '', role: 'user', deleted_at: now })
          .where('id', '=', userId)
          .execute();
        await deleteSessions(tx, (query) => query.where('user_id', '=', userId));
        for (const purpose of [RESET, VERIFICATION]) await dropTokens(tx, purpose, userId);
        await forgetIdentities(tx, userId, deps.issuers.names);
        await tx.deleteFrom('api_tokens').where('user_id', '=', userId).execute();
        await appendAudit(tx, { action: 'user.deleted', target: ['user', userId], client }, context, now);
        await appendEvent(tx, userId, 'user.deleted', {}, now);
      });
    } catch (error) {
      // Asked again, it is done already.
      const row = hasCode(error, 'not_found') && (await findUser(deps.db.reader, userId));
      if (!row) throw error;
    }
    deps.onEvent();
    return {};
  };
