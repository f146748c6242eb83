import { HoldfastError } from '../../../base/errors.ts';
import { requireUser } from '../access.ts';
import { appendAudit } from '../audit/append.ts';
import type { AuthVerb } from '../deps.ts';

export const revokeApiToken: AuthVerb<'revokeApiToken'> =
  ({ db }) =>
  async ({ apiTokenId, client }, context) => {
    const userId = requireUser(context);
    await db.unit(async (tx) => {
      const { numDeletedRows } = await tx
        .deleteFrom('api_tokens')
        .where('id', '=', apiTokenId)
        .where('user_id', '=', userId)
        .executeTakeFirst();
      if (numDeletedRows === 0n) throw new HoldfastError('not_found', 'There is no such token.');
      await appendAudit(
        tx,
        { action: 'api_token.revoked', target: ['api_token', apiTokenId], client },
        context,
        Date.now(),
      );
    });
    return {};
  };
