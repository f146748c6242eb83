import { appendAudit } from '../audit/append.ts';
import type { AuthVerb } from '../deps.ts';
import { useToken, VERIFICATION } from '../mail/tokens.ts';

/** Nobody need be signed in: whoever has the token reads the mailbox. */
export const verifyEmail: AuthVerb<'verifyEmail'> =
  ({ db }) =>
  async ({ token, client }, context) => {
    const now = Date.now();
    await db.unit(async (tx) => {
      const user = await useToken(tx, VERIFICATION, token, now);
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
