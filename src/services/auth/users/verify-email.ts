import { appendAudit } from '../audit/append.ts';
import type { AuthVerb } from '../deps.ts';
import { findByToken, useToken, VERIFICATION } from '../mail/tokens.ts';
import { requirePasswordOf, wrongPassword } from './require-password-of.ts';

/**
 * Nobody need be signed in, but it takes both: the mail, and the password. Whoever signed up with the address of somebody
 * else never sees the mail; whoever gets a mail that they never asked for, and presses its button, does not know the
 * password. So an address is only ever confirmed for the one who made the account. Its reader has a way of their own to
 * come to it: `resetPassword`, which leaves nothing to whoever made it.
 */
export const verifyEmail: AuthVerb<'verifyEmail'> =
  (deps) =>
  async ({ token, password, client }, context) => {
    const found = await findByToken(deps.db.reader, VERIFICATION, token, Date.now());
    await requirePasswordOf(deps, { user: found, password, client }, context);
    const now = Date.now();
    await deps.db.unit(async (tx) => {
      const user = await useToken(tx, VERIFICATION, token, now);
      // It may be another since it was checked.
      if (user.password_hash !== found.password_hash) throw wrongPassword();
      await tx
        .updateTable('users')
        .set({ email_verified_at: user.email_verified_at ?? now })
        .where('id', '=', user.id)
        .execute();
      const actor = { kind: 'user', ownerId: user.id } as const;
      await appendAudit(tx, { action: 'email.verified', target: ['user', user.id], client, actor }, context, now);
    });
    return {};
  };
