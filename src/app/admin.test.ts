import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { serviceContext } from '../base/context.ts';
import { newId } from '../base/ids.ts';
import { readConfig } from '../config.ts';
import { type AdminRequest, administer } from './admin.ts';
import { type Ground, openGround } from './ground.ts';
import { runMigrations } from './migrations.ts';
import { authOn, fileAdminOn } from './services.ts';

const log = pino({ level: 'silent' });
const never = new AbortController().signal;

let dataDir: string;
let ground: Ground;
let auth: Awaited<ReturnType<typeof authOn>>;
let files: { readonly admin: ReturnType<typeof fileAdminOn> };

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdfast-admin-'));
  const config = readConfig({ DATA_DIR: dataDir });
  ground = await openGround(config, { command: 'test', publicUrl: () => 'http://localhost', log });
  await runMigrations(ground.database);
  auth = await authOn(ground, config, log);
  files = { admin: fileAdminOn(ground, config, log) };
});

afterEach(async () => {
  await ground.close();
  await rm(dataDir, { recursive: true, force: true });
});

const ask = (request: AdminRequest) => administer({ auth: undefined, files, audit: auth.audit }, request, never, log);

test('what there is one of is told as one', async () => {
  await ask({ verb: 'quota', owner: 'customer-7', files: 5 });
  expect((await ask({ verb: 'usage', sort: 'owner_id' })).done).toBe('1 owner, 0 files, 0 B.');
  expect(
    (await ask({ verb: 'jobs', filter: { ownerId: '', fileId: '', type: '', code: '' }, retry: false })).done,
  ).toBe('0 dead jobs.');
});

test('a quota that is set where files runs without auth is in the audit trail', async () => {
  await ask({ verb: 'quota', owner: 'customer-7', files: 5 });
  const { entries } = await auth.admin.listAudit(
    { page: { limit: 10, cursor: '', sort: '' }, action: '', actorId: '', targetId: '' },
    serviceContext('test', log, newId()),
  );
  expect(entries).toMatchObject([
    { action: 'owner.quota_set', actorId: 'holdfast admin', targetKind: 'owner', targetId: 'customer-7' },
  ]);
});
