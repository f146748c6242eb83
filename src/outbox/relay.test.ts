import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '../base/ids.ts';
import type { Loop } from '../base/lifecycle.ts';
import { openBroker } from '../drivers/broker/index.ts';
import type { Broker } from '../drivers/broker/port.ts';
import { openDatabase } from '../drivers/database/index.ts';
import type { Database, DatabaseServer } from '../drivers/database/port.ts';
import { AUTH_MIGRATIONS, type AuthTables } from '../services/auth/index.ts';
import { relayOutbox } from './relay.ts';

const log = pino({ level: 'silent' });
let dataDir: string;
let server: DatabaseServer;
let db: Database<AuthTables>;
let broker: Broker;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdfast-relay-'));
  server = await openDatabase('sqlite:', { dataDir, log });
  db = server.view();
  await db.migrate('auth', AUTH_MIGRATIONS);
  broker = await openBroker('local:', { log });
});
afterEach(async () => {
  await broker.close();
  await server.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** A relay that tells `onNews` of each event before its news goes to the broker. */
const relay = (onNews: () => void): Loop =>
  relayOutbox<AuthTables, 'auth_outbox'>({
    db,
    broker,
    log,
    outbox: 'auth_outbox',
    leases: 'auth_leases',
    topic: 'events',
    newsOf: () => {
      onNews();
      return {};
    },
  });

const append = (count: number) =>
  db.unit((tx) =>
    tx
      .insertInto('auth_outbox')
      .values(
        Array.from({ length: count }, () => ({
          id: newId(),
          position: null,
          type: 'counted',
          version: 1,
          user_id: newId(),
          data: '{}',
          created_at: 0,
        })),
      )
      .execute(),
  );

const positions = async () => {
  const query = db.reader.selectFrom('auth_outbox').select('position').where('position', 'is not', null);
  return (await query.orderBy('position').execute()).map(({ position }) => position);
};

test('a relay that is stopped leaves the rest of a backlog to the next one, which goes on from there', async () => {
  const backlog = 1_200;
  await append(backlog);
  let stopped: Promise<void> | undefined;
  const { promise: stopping, resolve: stop } = Promise.withResolvers<void>();
  const first = relay(() => {
    stopped ??= first.stop();
    stop();
  });
  await stopping;
  await stopped;
  const numbered = await positions();
  expect(numbered.length).toBeGreaterThan(0);
  expect(numbered.length).toBeLessThan(backlog);

  const next = relay(() => {});
  const all = Array.from({ length: backlog }, (_, index) => index + 1);
  await expect.poll(positions).toEqual(all);
  await next.stop();
});
