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
import type { Database, DatabaseServer, Migration } from '../drivers/database/port.ts';
import type { LeaseRow } from './leases.ts';
import type { OutboxRow } from './outbox.ts';
import { relayOutbox } from './relay.ts';

interface Tables {
  outbox: OutboxRow;
  leases: LeaseRow;
}

const TABLES: Migration = {
  name: '0001_tables',
  async up({ schema }) {
    await schema
      .createTable('outbox')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('position', 'bigint')
      .addColumn('type', 'text', (column) => column.notNull())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('data', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute();
    await schema
      .createTable('leases')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('token', 'text', (column) => column.notNull())
      .addColumn('lease_until', 'bigint', (column) => column.notNull())
      .execute();
  },
};

const log = pino({ level: 'silent' });
let dataDir: string;
let server: DatabaseServer;
let db: Database<Tables>;
let broker: Broker;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdfast-relay-'));
  server = await openDatabase('sqlite:', { dataDir, log });
  db = server.view();
  await db.migrate('outbox', [TABLES]);
  broker = await openBroker('local:', { log });
});
afterEach(async () => {
  await broker.close();
  await server.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** A relay that tells `onNews` of each event before its news goes to the broker. */
const relay = (onNews: () => void): Loop =>
  relayOutbox<Tables, 'outbox'>({
    db,
    broker,
    log,
    outbox: 'outbox',
    leases: 'leases',
    topic: 'events',
    newsOf: () => {
      onNews();
      return {};
    },
  });

const append = (count: number) =>
  db.unit((tx) =>
    tx
      .insertInto('outbox')
      .values(
        Array.from({ length: count }, () => ({
          id: newId(),
          position: null,
          type: 'counted',
          version: 1,
          data: '{}',
          created_at: 0,
        })),
      )
      .execute(),
  );

const positions = async () => {
  const query = db.reader.selectFrom('outbox').select('position').where('position', 'is not', null);
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
