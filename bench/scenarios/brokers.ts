import { withEngine } from '../engines.ts';
import { bareBroker } from '../jobs/bare-brokers.ts';
import { holdfastJobs } from '../jobs/holdfast.ts';
import type { JobSystem } from '../jobs/job-system.ts';
import { bullmqJobs, pgBossJobs } from '../jobs/peers.ts';
import { median } from '../measure.ts';
import type { Finding, Scenario } from '../scenario.ts';

const JOBS = 2_000;
const CONCURRENCY = 32;
const ROUND = { jobs: JOBS, concurrency: CONCURRENCY };

/** Medians of rounds taken in turn; the first round of each warms it up and is not counted. */
async function compare(systems: readonly JobSystem[], rounds: number): Promise<number[]> {
  const rates = systems.map((): number[] => []);
  try {
    for (let round = 0; round <= rounds; round++) {
      for (const [index, system] of systems.entries()) {
        const rate = await system.round(ROUND);
        if (round > 0) rates[index]?.push(rate);
      }
    }
  } finally {
    await Promise.all(systems.map((system) => system.close()));
  }
  return rates.map((each) => median(each));
}

const finding = (what: string, ours: number, limit: number, of: string): Finding => ({
  what,
  ours: `${Math.round(ours)}/s`,
  limit: `${Math.round(limit)}/s ${of}`,
  ratio: (ours / limit).toFixed(2),
  target: 'none',
  met: true,
  cost: '',
});

/** Ours is from a file's confirm to its job's completion: two transactions and the news, beside the news alone. */
async function onBroker(name: 'local' | 'redis' | 'nats' | 'rabbitmq', database: string, rounds: number) {
  if (name === 'local') {
    const [ours, pgBoss] = await compare([await holdfastJobs(database, 'local:'), await pgBossJobs(database)], rounds);
    return [finding('jobs on local:, accepted to completed', ours as number, pgBoss as number, 'by pg-boss')];
  }
  return withEngine(name, async ({ url }) => {
    const peers = name === 'redis' ? [await bullmqJobs(url)] : [];
    const systems = [await holdfastJobs(database, url), await bareBroker(name, url), ...peers];
    const [ours, bare, bullmq] = (await compare(systems, rounds)) as [number, number, number | undefined];
    const what = `jobs on ${name}, accepted to completed`;
    const found = [finding(what, ours, bare, 'messages of the bare client')];
    return bullmq === undefined ? found : [...found, finding(what, ours, bullmq, 'by BullMQ')];
  });
}

export const brokers: Scenario = {
  name: 'brokers',
  about: `${JOBS} jobs that do nothing, ${CONCURRENCY} at a time, rows in PostgreSQL, from the confirm of the file to the end of its job`,
  run: (rounds) =>
    withEngine('postgres', async ({ url }) => {
      const found: Finding[] = [];
      for (const name of ['local', 'redis', 'nats', 'rabbitmq'] as const) {
        found.push(...(await onBroker(name, url, rounds)));
      }
      return found;
    }),
};
