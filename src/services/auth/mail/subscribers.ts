import { HoldfastError } from '../../../base/errors.ts';
import { requireService } from '../access.ts';
import type { MailVerb } from '../deps.ts';
import { hasAddress } from '../users/insert.ts';
import { notificationsOf } from '../users/user-of.ts';

const MOST = 1000;
/** Values that a statement takes, on every database. */
const AT_A_TIME = 500;

/**
 * Those whose address is confirmed: whoever signed up with somebody else's must not have us write there, least of all what
 * they called their files.
 */
export const listSubscribers: MailVerb<'listSubscribers'> =
  ({ db }) =>
  async ({ userIds }, context) => {
    requireService(context);
    if (userIds.length > MOST) throw new HoldfastError('invalid_request', `Name at most ${MOST} users.`);
    const subscribers = [];
    for (let next = 0; next < userIds.length; next += AT_A_TIME) {
      const rows = await db.reader
        .selectFrom('users')
        .select(['id', 'email', 'notify_uploads', 'notify_failures'])
        .where('id', 'in', userIds.slice(next, next + AT_A_TIME))
        .where('disabled_at', 'is', null)
        .where('deleted_at', 'is', null)
        .where('email_verified_at', 'is not', null)
        .where(({ or, eb }) => or([eb('notify_uploads', '=', 1), eb('notify_failures', '=', 1)]))
        .execute();
      subscribers.push(
        ...rows
          .filter(hasAddress)
          .map((row) => ({ userId: row.id, email: row.email, notifications: notificationsOf(row) })),
      );
    }
    return { subscribers };
  };
