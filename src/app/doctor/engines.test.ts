import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readConfig } from '../../config.ts';
import { migrateDatabase } from '../migrate.ts';
import { startHoldfast } from '../start.ts';
import { examineEngines } from './engines.ts';

const log = pino({ level: 'silent' });
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-engines-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('finds a store that belongs to another database, as the server does', async () => {
  const [dataDir, another] = [join(folder, 'data'), join(folder, 'another')];
  const settings = (DATA_DIR: string) =>
    readConfig({ DATA_DIR, STORAGE_URL: `file://${join(dataDir, 'objects')}`, PORT: '0' });
  const failures = async (DATA_DIR: string) => {
    const drivers = new Set(['database', 'objects'] as const);
    const signal = AbortSignal.timeout(60_000);
    const findings = await Array.fromAsync(examineEngines(settings(DATA_DIR), drivers, { log, signal }));
    return findings.filter(({ state }) => state === 'failed').map(({ detail }) => detail);
  };
  const refusal = expect.stringContaining('belongs to another database');

  const { stop } = await startHoldfast(settings(dataDir), { log });
  await stop();
  expect(await failures(dataDir)).toEqual([]);
  expect(await failures(another)).toEqual([refusal]);
  await migrateDatabase(settings(another), log);
  expect(await failures(another)).toEqual([refusal]);
});
