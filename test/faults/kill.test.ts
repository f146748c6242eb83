import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Api } from '../harness/client.ts';
import { seeded } from '../harness/fixtures/random.ts';
import { passTime } from '../harness/inspect.ts';
import { childrenOf, isAlive, runCli, type ServerProcess, spawnServer, startServer } from '../harness/process.ts';
import { until } from '../harness/until.ts';
import { allJobsEnd, answerAll, brokenPromises } from './laws/promises.ts';
import { contradictions } from './laws/rows.ts';
import { leftovers, missingObjects } from './laws/store.ts';
import { startLoad } from './load/clients.ts';
import { Ledger } from './load/ledger.ts';

const ROUNDS = Number(process.env.FAULT_ROUNDS ?? 20);
const SEED = Number(process.env.HOLDFAST_SEED ?? Math.floor(Math.random() * 1_000_000));
const MINUTE = 60_000;
const ACCOUNT = { email: 'survivor@example.com', password: 'correct horse battery staple' };

async function logIn(server: ServerProcess): Promise<Api> {
  const api = new Api(() => server.url);
  const { body } = await api.expect(200, 'POST', '/api/auth/login', { json: ACCOUNT });
  return new Api(() => server.url, body.access_token);
}

/** Kills the process as a power cut would, and makes sure that nothing of it lives on. */
async function kill(server: Pick<ServerProcess, 'pid' | 'kill'>): Promise<void> {
  const children = childrenOf(server.pid);
  await server.kill('SIGKILL');
  await until('its processing children to end', () => !children.some(isAlive));
}

describe(`killed at ${ROUNDS} random moments under load (HOLDFAST_SEED=${SEED} replays them)`, () => {
  test('a server keeps every promise', { timeout: ROUNDS * 20_000 + 4 * MINUTE }, async () => {
    console.log(`HOLDFAST_SEED=${SEED}`);
    const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-kill-'));
    const env = { PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'info', WORKER_CONCURRENCY: '2' };
    const at = { databaseUrl: 'sqlite:', storageUrl: 'file:', dataDirs: [dataDir] };
    const random = seeded(SEED);
    const ledger = new Ledger();
    let printed = '';
    let server = await startServer(env);
    try {
      await new Api(() => server.url).expect(201, 'POST', '/api/auth/signup', { json: ACCOUNT });

      for (let round = 0; round < ROUNDS; round += 1) {
        const load = startLoad(await logIn(server), ledger, { seed: SEED + round, clients: 4 });
        const enough = ledger.acknowledged + 5 + Math.floor(random() * 30);
        await until('the load to get on', () => ledger.acknowledged >= enough || ledger.broken.length > 0);
        // Sometimes the janitor is at work, too. What it can say depends on when the server is gone.
        const sweep = random() < 0.25 ? runCli(['sweep'], env) : undefined;
        await pause(random() * 800);
        await kill(server);
        await load.stop();
        await sweep;
        printed = server.output();
        expect(ledger.broken).toEqual([]);
        expect(await missingObjects(at)).toEqual([]);
        expect(await contradictions(at)).toEqual([]);

        if (random() < 0.25) {
          const starting = spawnServer(env);
          await pause(random() * 400);
          await kill(starting);
        }
        server = await startServer(env);
      }

      const api = await logIn(server);
      await answerAll(api, ledger);
      await allJobsEnd(api, 2 * MINUTE);
      expect(await brokenPromises(api, ledger)).toEqual([]);
      expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
      expect(await contradictions(at)).toEqual([]);

      // A day and a bit later the janitor has seen everything twice.
      for (let day = 0; day < 2; day += 1) {
        await passTime(at, 25 * 60 * MINUTE);
        server = await startServer(env);
        const swept = await runCli(['sweep', '--all-orphans'], env);
        expect(swept.code, swept.stdout + swept.stderr).toBe(0);
        await server.kill('SIGTERM');
      }
      expect(await leftovers(at)).toEqual([]);
      expect(await missingObjects(at)).toEqual([]);
      expect(await contradictions(at)).toEqual([]);
      console.log(`${ledger.accepted.size} files accepted, ${ledger.jobs.size} jobs, ${ROUNDS} kills`);
    } catch (error) {
      console.error(`HOLDFAST_SEED=${SEED}\n${`${printed}${server.output()}`.slice(-20_000)}`);
      throw error;
    } finally {
      await server.kill('SIGKILL');
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});
