import { requireAdmin } from '../access.ts';
import { appendAudit } from '../audit/append.ts';
import type { AdminVerb } from '../deps.ts';
import { appendEvent } from '../events/append.ts';
import { deleteSessions } from '../sessions/delete.ts';
import { userOf } from '../users/user-of.ts';
import { lockUser, lockUserUnlessLastAdmin } from './lock-user.ts';

export const setDisabled: AdminVerb<'setDisabled'> =
  (deps) =>
  async ({ userId, disabled, client }, context) => {
    await requireAdmin(deps, context);
    const now = Date.now();
    const row = await deps.db.unit(async (tx) => {
      const user = await (disabled ? lockUserUnlessLastAdmin(tx, userId) : lockUser(tx, userId));
      if ((user.disabled_at !== null) === disabled) return user;
      const changes = { disabled_at: disabled ? now : null, sessions_ended_at: now };
      await tx.updateTable('users').set(changes).where('id', '=', userId).execute();
      if (disabled) {
        await deleteSessions(tx, (query) => query.where('user_id', '=', userId));
        await appendEvent(tx, userId, 'user.disabled', {}, now);
      }
      const action = disabled ? 'user.disabled' : 'user.enabled';
      await appendAudit(tx, { action, target: ['user', userId], client }, context, now);
      return { ...user, ...changes };
    });
    deps.onEvent();
    return { user: userOf(row) };
  };
