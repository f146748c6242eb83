import { HoldfastError } from '../../../base/errors.ts';
import { requireUser } from '../access.ts';
import { lockUser } from '../admin/lock-user.ts';
import { appendAudit } from '../audit/append.ts';
import type { AuthVerb } from '../deps.ts';
import { appendEvent } from '../events/append.ts';
import { hasAddress } from '../users/insert.ts';

/** Takes an account elsewhere away from the ways to sign in. What was begun with it goes on. */
export const unlinkAccount: AuthVerb<'unlinkAccount'> =
  ({ db, providers, issuers, onEvent }) =>
  async ({ linkedAccountId, client }, context) => {
    const userId = requireUser(context);
    const now = Date.now();
    await db.unit(async (tx) => {
      // Locked, so that of two ways that are left not both go at once.
      const user = await lockUser(tx, userId);
      const all = await tx.selectFrom('identities').selectAll().where('user_id', '=', userId).execute();
      const gone = all.find(({ id }) => id === linkedAccountId);
      if (!gone) throw new HoldfastError('not_found', 'There is no such linked account.');
      // One of a provider that is not configured any more opens nothing.
      const opens = ({ issuer }: typeof gone) =>
        providers.ofIssuer(issuer) !== undefined || issuers.names.includes(issuer);
      // A password goes with an e-mail: without one, nobody can log in by it.
      const byPassword = user.password_hash !== '' && hasAddress(user);
      const stays = byPassword || all.some((one) => one.id !== gone.id && opens(one));
      if (!stays) {
        throw new HoldfastError(
          'conflict',
          'It is the only way to sign in to this account. Set a password, or link another account, first.',
        );
      }
      await tx.deleteFrom('identities').where('id', '=', gone.id).execute();
      const entry = { action: 'identity.unlinked', target: ['user', userId], client } as const;
      await appendAudit(tx, { ...entry, data: { issuer: gone.issuer } }, context, now);
      await appendEvent(tx, userId, 'identity.unlinked', { issuer: gone.issuer }, now);
    });
    onEvent();
    return {};
  };
