import { HoldfastError } from '../../../base/errors.ts';
import { Role } from '../../../contract/holdfast/v1/auth.ts';
import { requireAdmin } from '../access.ts';
import { appendAudit } from '../audit/append.ts';
import type { AdminVerb } from '../deps.ts';
import { userOf } from '../users/user-of.ts';
import { lockUser, lockUserUnlessLastAdmin } from './lock-user.ts';

/** What the role allows is asked for anew within a second, wherever the account is signed in. */
export const setRole: AdminVerb<'setRole'> =
  (deps) =>
  async ({ userId, role: wanted, client }, context) => {
    await requireAdmin(deps, context);
    if (wanted === Role.UNSPECIFIED) {
      throw new HoldfastError('invalid_request', 'The role is user or admin.', {
        fields: [{ path: 'role', message: 'must be user or admin' }],
      });
    }
    const role = wanted === Role.ADMIN ? 'admin' : 'user';
    const row = await deps.db.unit(async (tx) => {
      const user = await (role === 'admin' ? lockUser(tx, userId) : lockUserUnlessLastAdmin(tx, userId));
      if (user.role === role) return user;
      await tx.updateTable('users').set({ role }).where('id', '=', userId).execute();
      const data = { from: user.role, to: role };
      await appendAudit(
        tx,
        { action: 'user.role_changed', target: ['user', userId], client, data },
        context,
        Date.now(),
      );
      return { ...user, role } as const;
    });
    return { user: userOf(row) };
  };
