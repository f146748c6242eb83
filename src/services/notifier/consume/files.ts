import type { Kysely } from 'kysely';
import { isId } from '../../../base/ids.ts';
import type { Subscriber } from '../../../contract/holdfast/internal/v1/account_mail.ts';
import type { Event } from '../../../contract/holdfast/internal/v1/event.ts';
import { newDelivery } from '../deliveries/enqueue.ts';
import type { NotifierDeps } from '../deps.ts';
import type { Digest, FilesMail } from '../mail/kinds.ts';
import type { NotifierTables } from '../tables.ts';
import type { Log } from './consumer.ts';
import { isNews } from './news.ts';

const WINDOW = 60_000;
const NAMES = 10;
const LONGEST_NAME = 255;

interface Told {
  readonly cause: string;
  readonly kind: FilesMail;
  readonly userId: string;
  readonly name: string;
}

/** What happened to files: for those users who want to hear of it, one mail of all that happens within a minute. */
export const filesLog = ({ files, accounts, settings }: NotifierDeps): Log<Event> => ({
  name: 'files',
  gather: 1_000,
  read: async (page, context) => (await files.events.readEvents(page, context)).events,
  async plan(events, context) {
    const all = events.flatMap(toldBy);
    const userIds = [...new Set(all.map(({ userId }) => userId))];
    if (userIds.length === 0) return undefined;
    const { subscribers } = await accounts.mail.listSubscribers({ userIds }, context);
    const byId = new Map(subscribers.map((subscriber) => [subscriber.userId, subscriber]));
    const told = all.filter(({ userId, kind }) => wants(byId.get(userId), kind));
    if (told.length === 0) return undefined;
    return async (tx, now) => {
      for (const group of groupsOf(told)) await addToDigest(tx, group, settings.digestWindow ?? WINDOW, now);
    };
  },
});

export const wants = (subscriber: Subscriber | undefined, kind: FilesMail): boolean => {
  const { uploads = false, failures = false } = subscriber?.notifications ?? {};
  return kind === 'files.uploaded' ? uploads : failures;
};

function toldBy({ id, type, ownerId, data, createdAt }: Event): Told[] {
  const uploaded = type === 'file.uploaded';
  const failed = type === 'file.processed' && data?.state === 'failed';
  // Owners of other back ends are no accounts here.
  if ((!uploaded && !failed) || !isNews(createdAt) || !isId(ownerId)) return [];
  const name = typeof data?.name === 'string' ? data.name.slice(0, LONGEST_NAME) : '';
  return [{ cause: id, kind: uploaded ? 'files.uploaded' : 'files.failed', userId: ownerId, name }];
}

function groupsOf(told: readonly Told[]): readonly [Told, ...Told[]][] {
  const groups = new Map<string, [Told, ...Told[]]>();
  for (const one of told) {
    const key = `${one.userId} ${one.kind}`;
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return [...groups.values()];
}

/** Adds to the mail that waits for its minute to be over and was never begun, or makes the next one. */
async function addToDigest(
  tx: Kysely<NotifierTables>,
  told: readonly [Told, ...Told[]],
  window: number,
  now: number,
): Promise<void> {
  const [{ cause, kind, userId }] = told;
  const names = told.map(({ name }) => name).filter((name) => name !== '');
  const waiting = await tx
    .selectFrom('mail_deliveries')
    .select(['id', 'data'])
    .where('user_id', '=', userId)
    .where('kind', '=', kind)
    .where('state', '=', 'queued')
    .where('attempt', '=', 0)
    .forUpdate()
    .executeTakeFirst();
  const before: Digest = waiting ? JSON.parse(waiting.data) : { count: 0, names: [] };
  const digest: Digest = {
    count: before.count + told.length,
    names: [...before.names, ...names].slice(0, NAMES),
  };
  const data = JSON.stringify(digest);
  if (waiting) {
    await tx.updateTable('mail_deliveries').set({ data, updated_at: now }).where('id', '=', waiting.id).execute();
  } else {
    const row = { ...newDelivery(now + window, now), cause, kind, user_id: userId, data };
    await tx.insertInto('mail_deliveries').values(row).execute();
  }
}
