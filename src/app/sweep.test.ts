import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readConfig } from '../config.ts';
import { migrateDatabase, migrationStatus } from './migrate.ts';
import { sweepDataDir } from './sweep.ts';

const log = pino({ level: 'silent' });
const signal = new AbortController().signal;
let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdfast-sweep-'));
  await writeFile(join(dataDir, 'lock'), '');
});
afterEach(() => rm(dataDir, { recursive: true }));

test('a dry run migrates nothing, and says that it has to be done', async () => {
  const config = readConfig({ DATA_DIR: dataDir });
  const tryOut = () => sweepDataDir(config, { dryRun: true, allOrphans: false, signal, log });
  await expect(tryOut()).rejects.toThrow(/\(\d+ migrations are due\).* "holdfast migrate" first\.$/);
  expect((await migrationStatus(config, log)).filter(({ appliedAt }) => appliedAt !== undefined)).toEqual([]);
  await migrateDatabase(config, log);
  expect(await tryOut()).toMatchObject({ dryRun: true, failures: 0 });
});
