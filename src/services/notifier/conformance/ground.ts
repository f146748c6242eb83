import { pino } from 'pino';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { HoldfastError } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import type { Running } from '../../../base/lifecycle.ts';
import { TOPICS } from '../../../base/topics.ts';
import { type AccountEvent, AccountEventServiceDefinition } from '../../../contract/holdfast/internal/v1/account.ts';
import { AccountMailServiceDefinition } from '../../../contract/holdfast/internal/v1/account_mail.ts';
import { type Event, EventServiceDefinition } from '../../../contract/holdfast/internal/v1/event.ts';
import { openBroker } from '../../../drivers/broker/index.ts';
import type { Broker } from '../../../drivers/broker/port.ts';
import { openDatabase } from '../../../drivers/database/index.ts';
import type { Database, DatabaseServer } from '../../../drivers/database/port.ts';
import type { Mail, MailMessage, MailOutcome } from '../../../drivers/mail/port.ts';
import { type Calls, IN_PROCESS } from '../../../rpc/testing/calls.ts';
import type { NotifierDeps, NotifierSettings } from '../deps.ts';
import { createNotifier, NOTIFIER_MIGRATIONS, type NotifierTables } from '../index.ts';

/** An empty database that nobody else uses. */
export interface Place {
  readonly url: string;
  readonly dataDir: string;
  stop(): Promise<void>;
}

/** What stands around a notifier: the logs that it reads, what auth would answer it, and a mailbox. */
export interface Ground {
  readonly db: Database<NotifierTables>;
  /** Mails that were taken, first to last. */
  readonly sent: readonly MailMessage[];
  /** How mails go from now on; undefined: all are taken. */
  answerMails(how: ((message: MailMessage) => Promise<MailOutcome> | MailOutcome) | undefined): void;
  /** Whether auth and files can be asked. */
  readonly away: { auth: boolean; files: boolean };
  /** Those who want mails about their files, by their ids. */
  readonly subscribers: Map<string, { uploads: boolean; failures: boolean }>;
  /** Something happened to an account; answers the event's id. */
  account(userId: string, type: string, createdAt?: Date): Promise<string>;
  file(ownerId: string, type: string, data: Record<string, unknown>): Promise<string>;
  /** An instance of the notifier on this ground. */
  start(settings?: Partial<NotifierSettings>): Promise<Running>;
  deliveries(userId: string): Promise<readonly NotifierTables['mail_deliveries'][]>;
}

export const emailOf = (userId: string): string => `${userId}@example.com`;

export function useGround(begin: () => Promise<Place>, calls: Calls = IN_PROCESS): Ground {
  const log = pino({ level: 'silent' });
  let place: Place;
  let server: DatabaseServer;
  let broker: Broker;
  let db: Database<NotifierTables>;
  let tokens = 0;
  const accountEvents: AccountEvent[] = [];
  const fileEvents: Event[] = [];
  const sent: MailMessage[] = [];
  const away = { auth: false, files: false };
  const subscribers = new Map<string, { uploads: boolean; failures: boolean }>();
  const running = new Set<Running>();
  let answer: ((message: MailMessage) => Promise<MailOutcome> | MailOutcome) | undefined;

  const refuse = (gone: boolean) => {
    if (gone) throw new HoldfastError('unavailable', 'It is away.');
  };
  const page = <E extends { position: number }>(
    events: readonly E[],
    { after, limit }: { after: number; limit: number },
  ) => events.filter(({ position }) => position > after).slice(0, limit);
  const mail: Mail = {
    async send(message, signal) {
      signal.throwIfAborted();
      const outcome = (await answer?.(message)) ?? { kind: 'taken' };
      if (outcome.kind === 'taken') sent.push(message);
      return outcome;
    },
    probe: async () => {},
    close: async () => {},
  };
  const deps = (): Omit<NotifierDeps, 'settings'> => ({
    db,
    broker,
    mail,
    log,
    accounts: {
      events: calls.to(AccountEventServiceDefinition, {
        async readAccountEvents(request) {
          refuse(away.auth);
          return { events: page(accountEvents, request) };
        },
      }),
      mail: calls.to(AccountMailServiceDefinition, {
        async prepareMail({ eventId }) {
          refuse(away.auth);
          const event = accountEvents.find(({ id }) => id === eventId);
          if (!event || event.data?.over) return { email: '', token: '', expiresAt: undefined };
          return {
            email: emailOf(event.userId),
            token: /^(password.changed|identity.*)$/.test(event.type) ? '' : `secret-token-${++tokens}`,
            expiresAt: new Date(Date.now() + 3600_000),
          };
        },
        async listSubscribers({ userIds }) {
          refuse(away.auth);
          return {
            subscribers: userIds.flatMap((userId) => {
              const notifications = subscribers.get(userId);
              return notifications ? [{ userId, email: emailOf(userId), notifications }] : [];
            }),
          };
        },
      }),
    },
    files: {
      events: calls.to(EventServiceDefinition, {
        async readEvents(request) {
          refuse(away.files);
          return { events: page(fileEvents, request) };
        },
      }),
    },
  });

  let made: Omit<NotifierDeps, 'settings'>;
  beforeAll(async () => {
    place = await begin();
    server = await openDatabase(place.url, { dataDir: place.dataDir, log });
    broker = await openBroker('local:', { log });
    db = server.view<NotifierTables>();
    await db.migrate('notifier', NOTIFIER_MIGRATIONS);
    made = deps();
  });
  afterEach(async () => {
    answer = undefined;
    Object.assign(away, { auth: false, files: false });
    await Promise.all([...running].map((one) => one.stop()));
    running.clear();
  });
  afterAll(async () => {
    await calls.close();
    await broker.close();
    await server.close();
    await place.stop();
  });

  return {
    get db() {
      return db;
    },
    sent,
    away,
    subscribers,
    answerMails(how) {
      answer = how;
    },
    async account(userId, type, createdAt = new Date()) {
      const event = { id: newId(), position: accountEvents.length + 1, type, version: 1, userId, data: {}, createdAt };
      accountEvents.push(event);
      await broker.publish(TOPICS.accounts, { position: event.position, type, userId });
      return event.id;
    },
    async file(ownerId, type, data) {
      const position = fileEvents.length + 1;
      const [id, fileId, createdAt] = [newId(), newId(), new Date()];
      fileEvents.push({ id, position, type, version: 1, fileId, ownerId, sequence: 1, data, createdAt });
      await broker.publish(TOPICS.events, { position, type, fileId, ownerId });
      return id;
    },
    async start(settings = {}) {
      const notifier = createNotifier({
        ...made,
        settings: {
          publicUrl: () => 'https://files.example.com',
          emailVerificationUrl: undefined,
          passwordResetUrl: undefined,
          digestWindow: 500,
          retry: { base: 20, max: 40 },
          maxAttempts: 5,
          pollInterval: 50,
          ...settings,
        },
      });
      const started = await notifier.start();
      running.add(started);
      return started;
    },
    deliveries: (userId) =>
      db.reader.selectFrom('mail_deliveries').selectAll().where('user_id', '=', userId).orderBy('created_at').execute(),
  };
}
