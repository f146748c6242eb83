import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { openBroker } from '../../src/drivers/broker/index.ts';
import { openDatabase } from '../../src/drivers/database/index.ts';
import { FILES_MIGRATIONS, type FilesTables } from '../../src/services/files/index.ts';
import { dispatchDueJobs } from '../../src/services/files/jobs/dispatch.ts';
import { withEngine } from '../engines.ts';
import { median } from '../measure.ts';
import type { Finding, Scenario } from '../scenario.ts';

const QUEUED = 1_000_000;
const FEW = 400;
const ROUNDS = 20;

const log = pino({ level: 'silent' });

async function fill(url: string, jobs: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('truncate processing_jobs');
    await client.query(
      `insert into processing_jobs (id, file_id, owner_id, type, processor, options, counted, state, attempt, losses,
         due_at, announce_at, created_at, updated_at)
       select 'job ' || n, 'file ' || n / 4, 'owner', 'small', 'resize', '{}', 1, 'queued', 0, 0, n, n, n, n
       from generate_series(1, $1::bigint) n`,
      [jobs],
    );
    await client.query('vacuum analyze processing_jobs');
  } finally {
    await client.end();
  }
}

/** Milliseconds of a round of the loop while so many jobs are due. */
async function roundWith(url: string, jobs: number, rounds: number): Promise<number> {
  await fill(url, jobs);
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  const database = await openDatabase(url, { dataDir, log });
  const broker = await openBroker('local:', { log });
  try {
    const deps = { db: database.view<FilesTables>(), broker, onEvent: () => undefined };
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const started = performance.now();
      if ((await dispatchDueJobs(deps)) === 0) throw new Error('Nothing was due.');
      times.push(performance.now() - started);
    }
    return median(times);
  } finally {
    await broker.close();
    await database.close();
    await rm(dataDir, { recursive: true });
  }
}

async function migrate(url: string): Promise<void> {
  const database = await openDatabase(url, { dataDir: tmpdir(), log });
  await database.view().migrate('files', FILES_MIGRATIONS);
  await database.close();
}

export const dispatch: Scenario = {
  name: 'dispatch',
  about: `one round of the loop that announces due jobs, with ${QUEUED.toLocaleString('en')} queued beside ${FEW}, on PostgreSQL`,
  run: () =>
    withEngine('postgres', async ({ url }): Promise<Finding[]> => {
      await migrate(url);
      // A round takes 200 jobs, so that few are soon used up.
      const few = await roundWith(url, FEW, 2);
      const many = await roundWith(url, QUEUED, ROUNDS);
      const ratio = many / few;
      return [
        {
          what: 'a round of dispatch, 200 jobs announced',
          ours: `${many.toFixed(1)} ms`,
          limit: `${few.toFixed(1)} ms with few`,
          ratio: ratio.toFixed(2),
          target: '<= 2, so that the length of the queue does not count',
          met: ratio <= 2,
          cost: '',
        },
      ];
    }),
};
