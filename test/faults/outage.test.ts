import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type Engine, type EngineName, startEngine } from '../harness/engines/index.ts';
import { describeWithEngines } from '../harness/engines/use.ts';
import { call } from '../harness/http.ts';
import { peakMemory } from '../harness/process.ts';
import { type Stack, startStack } from '../harness/stack.ts';
import type { StackKind } from '../harness/stack-kind.ts';
import { until } from '../harness/until.ts';
import { allJobsEnd, answerAll, brokenPromises } from './laws/promises.ts';
import { contradictions } from './laws/rows.ts';
import { nothingMissing } from './laws/store.ts';
import { startLoad } from './load/clients.ts';
import { Ledger } from './load/ledger.ts';
import { WatchedApi } from './load/watched-api.ts';

const SEED = Number(process.env.HOLDFAST_SEED ?? Math.floor(Math.random() * 1_000_000));
/** A server that holds what it cannot pass on would have far more. */
const MEMORY = 768 * 1024 ** 2;

interface Outage {
  readonly what: string;
  readonly engine: EngineName;
  /** What /readyz calls it. */
  readonly dependency: 'database' | 'objects' | 'broker';
  readonly on: StackKind;
  readonly seconds: number;
  readonly wiped?: boolean;
}

const OUTAGES: readonly Outage[] = [
  {
    what: 'Redis is killed and its disk wiped',
    engine: 'redis',
    dependency: 'broker',
    on: { database: 'postgres', objects: 'disk', broker: 'redis' },
    seconds: 4,
    wiped: true,
  },
  {
    what: 'NATS is killed and its disk wiped',
    engine: 'nats',
    dependency: 'broker',
    on: { database: 'postgres', objects: 'disk', broker: 'nats' },
    seconds: 4,
    wiped: true,
  },
  {
    what: 'RabbitMQ is killed and its disk wiped',
    engine: 'rabbitmq',
    dependency: 'broker',
    on: { database: 'postgres', objects: 'disk', broker: 'rabbitmq' },
    seconds: 1,
    wiped: true,
  },
  {
    what: 'PostgreSQL is killed and started again',
    engine: 'postgres',
    dependency: 'database',
    on: { database: 'postgres', objects: 'disk', broker: 'redis' },
    seconds: 4,
  },
  {
    what: 'MySQL is killed and started again',
    engine: 'mysql',
    dependency: 'database',
    on: { database: 'mysql', objects: 'disk', broker: 'redis' },
    seconds: 4,
  },
  {
    what: 'S3 refuses for half a minute',
    engine: 's3',
    dependency: 'objects',
    on: { database: 'postgres', objects: 's3', broker: 'redis' },
    seconds: 30,
  },
];

/** Which dependencies a server says it lacks. */
async function lacks(url: string): Promise<string[]> {
  const { status, body } = await call('GET', `${url}/readyz`);
  const failed = Object.entries<{ status: string }>(body.checks).filter(([, check]) => check.status !== 'ok');
  expect(status).toBe(failed.length > 0 ? 503 : 200);
  return failed.map(([name]) => name);
}

const allLack = (stack: Stack, expected: readonly string[]) =>
  until(
    `all servers to lack ${expected.join(', ') || 'nothing'}`,
    async () => {
      const seen = await Promise.all(stack.servers.map(({ url }) => lacks(url)));
      return seen.every((names) => names.join() === expected.join());
    },
    { every: 100 },
  );

async function rideOut({ dependency, on, seconds, wiped = false }: Outage, engine: Engine): Promise<void> {
  const stack = await startStack({ ...on, own: { [engine.name]: engine.url }, env: { WORKER_CONCURRENCY: '2' } });
  try {
    const ledger = new Ledger();
    const user = new WatchedApi(await stack.api.signUp(), ledger);
    const load = startLoad(user, ledger, { seed: SEED, clients: 3, goesOn: true, outages: true });
    await load.getOn(25);
    await engine.kill();
    await allLack(stack, [dependency]);
    for (const { url } of stack.servers) expect((await call('GET', `${url}/healthz`)).status).toBe(200);
    load.ease();
    await pause(seconds * 1_000);
    await engine.restart({ wipe: wiped });
    await allLack(stack, []);
    await load.getOn(25);
    await load.stop();

    await answerAll(user, ledger);
    await allJobsEnd(user);
    expect(await brokenPromises(user, ledger)).toEqual([]);
    expect(await contradictions(stack)).toEqual([]);
    await nothingMissing(stack);
    for (const { pid } of stack.servers) expect(peakMemory(pid) ?? 0).toBeLessThan(MEMORY);
  } catch (error) {
    console.error(`HOLDFAST_SEED=${SEED}\n${stack.output().slice(-20_000)}`);
    throw error;
  } finally {
    await stack.dispose();
  }
}

for (const outage of OUTAGES) {
  const { what, engine: name, on } = outage;
  const engines = Object.values(on).filter((part): part is Exclude<typeof part, 'disk'> => part !== 'disk');
  describeWithEngines(
    engines as EngineName[],
    `${what} under load (HOLDFAST_SEED=${SEED})`,
    () => {
      it('nothing accepted is lost, and all work is done', async () => {
        const engine = await startEngine(name);
        try {
          await rideOut(outage, engine);
        } finally {
          await engine.stop();
        }
      });
    },
    { own: true },
  );
}
