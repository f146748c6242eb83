import { requireService } from '../access.ts';
import type { MaintenanceVerb } from '../deps.ts';

const MOST = 1000;
/** Milliseconds after which no request is under way that was let in before the account was deleted. */
const GRACE = 10 * 60_000;

export const listDeletedUsers: MaintenanceVerb<'listDeletedUsers'> =
  ({ db }) =>
  async ({ after, limit }, context) => {
    requireService(context);
    const rows = await db.reader
      .selectFrom('users')
      .select('id')
      .where('deleted_at', 'is not', null)
      .where('id', '>', after)
      .orderBy('id')
      .limit(Math.min(Math.max(1, limit), MOST))
      .execute();
    return { userIds: rows.map(({ id }) => id) };
  };

export const forgetUser: MaintenanceVerb<'forgetUser'> =
  ({ db }) =>
  async ({ userId }, context) => {
    requireService(context);
    const before = Date.now() - GRACE;
    const { numDeletedRows } = await db.unit((tx) =>
      tx.deleteFrom('users').where('id', '=', userId).where('deleted_at', '<=', before).executeTakeFirst(),
    );
    return { forgotten: numDeletedRows > 0n };
  };
