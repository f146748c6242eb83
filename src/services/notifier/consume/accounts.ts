import type { AccountEvent } from '../../../contract/holdfast/internal/v1/account.ts';
import { enqueue, newDelivery } from '../deliveries/enqueue.ts';
import type { NotifierDeps } from '../deps.ts';
import { isAccountMail } from '../mail/kinds.ts';
import type { Log } from './consumer.ts';
import { isNews } from './news.ts';

/** What happened to accounts: each event that is told is a mail. */
export const accountsLog = ({ accounts, db }: Pick<NotifierDeps, 'accounts' | 'db'>): Log<AccountEvent> => ({
  name: 'accounts',
  gather: 0,
  read: async (page, context) => (await accounts.events.readAccountEvents(page, context)).events,
  async plan(events) {
    const told = events.flatMap(({ id, type, userId, createdAt }) =>
      isAccountMail(type) && userId !== '' && isNews(createdAt) ? [{ cause: id, kind: type, user_id: userId }] : [],
    );
    if (told.length === 0) return undefined;
    return (tx, now) =>
      enqueue(
        tx,
        db.dialect,
        'mail_deliveries',
        told.map((mail) => ({ ...newDelivery(now, now), ...mail, data: '{}' })),
      );
  },
});
