import { execFileSync } from 'node:child_process';
import { cp, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type JobSystem, Tally } from './job-system.ts';

const SOURCE = fileURLToPath(new URL('../peers/', import.meta.url));
const INSTALLED = fileURLToPath(new URL('../../.cache/bench-peers/', import.meta.url));
const CONCURRENCY = 32;

/** What we are measured beside is no dependency of ours: it is installed, as its lock file says, when it is asked for. */
async function peer(name: string) {
  await mkdir(INSTALLED, { recursive: true });
  await cp(SOURCE, INSTALLED, { recursive: true });
  execFileSync('npm', ['ci', '--omit=optional', '--loglevel=error', '--ignore-scripts', '--prefer-offline'], {
    cwd: INSTALLED,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return import(pathToFileURL(createRequire(INSTALLED).resolve(name)).href);
}

export async function bullmqJobs(url: string): Promise<JobSystem> {
  const { Queue, Worker } = await peer('bullmq');
  const { hostname, port, username, password } = new URL(url);
  const connection = {
    host: hostname,
    port: Number(port),
    username: username || undefined,
    password,
    maxRetriesPerRequest: null,
  };
  const name = `peer-${crypto.randomUUID()}`;
  const queue = new Queue(name, { connection, defaultJobOptions: { removeOnComplete: true } });
  const worker = new Worker(name, async () => undefined, { connection, concurrency: CONCURRENCY });
  const tally = new Tally();
  worker.on('completed', tally.ended);
  await worker.waitUntilReady();
  return {
    round: (round) => tally.round(round, (index) => queue.add('nothing', { fileId: index })),
    async close() {
      await worker.close();
      await queue.obliterate({ force: true });
      await queue.close();
    },
  };
}

export async function pgBossJobs(url: string): Promise<JobSystem> {
  const { PgBoss } = await peer('pg-boss');
  const boss = new PgBoss({ connectionString: url, schema: 'peer' });
  await boss.start();
  await boss.createQueue('nothing');
  const tally = new Tally();
  // Its workers poll; half a second is the least that it allows.
  const options = { batchSize: 100, pollingIntervalSeconds: 0.5 };
  const done = async (jobs: readonly unknown[]) => jobs.forEach(tally.ended);
  await Promise.all(Array.from({ length: 4 }, () => boss.work('nothing', options, done)));
  return {
    round: (round) => tally.round(round, (index) => boss.send('nothing', { fileId: index })),
    close: () => boss.stop({ graceful: false }),
  };
}
