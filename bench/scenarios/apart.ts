import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Mesh } from '../../scripts/mesh/processes.ts';
import type { Place } from '../../test/harness/engines/engine.ts';
import { meshOf } from '../../test/harness/members.ts';
import { withEngine } from '../engines.ts';
import { hammer, head } from '../http.ts';
import { inTurn, median } from '../measure.ts';
import type { Finding, Scenario } from '../scenario.ts';
import { signUp, startHoldfast } from '../servers.ts';

const SIZE = 10 * 1024;
const CONCURRENCY = 32;
const COUNT = 500;
const JWT_SECRET = 'a secret of the bench, and of nobody else';
const body = randomBytes(SIZE);

/** An installation: where its API is, and the metrics of all its processes. */
interface Side {
  readonly url: string;
  readonly urls: readonly string[];
  readonly headers: { readonly authorization: string };
}

async function uploads({ url, headers }: Side): Promise<number> {
  const request = head('POST', '/api/files?name=small.bin', {
    ...headers,
    'content-type': 'application/octet-stream',
    'content-length': SIZE,
  });
  const seconds = await hammer(url, { count: COUNT, concurrency: CONCURRENCY }, async (connection) => {
    const answer = await connection.send(request, body, true);
    if (answer.status !== 202) throw new Error(`An upload was answered ${answer.status}: ${answer.body}`);
  });
  return COUNT / seconds;
}

/** Begins an upload, puts its bytes where it is told to, and confirms it. */
async function presigned({ url, headers }: Side): Promise<number> {
  const declared = Buffer.from(
    JSON.stringify({ name: 'direct.bin', size: SIZE, contentType: 'application/octet-stream' }),
  );
  const begin = head('POST', '/api/uploads', {
    ...headers,
    'content-type': 'application/json',
    'content-length': declared.length,
  });
  const seconds = await hammer(url, { count: COUNT, concurrency: CONCURRENCY }, async (connection) => {
    const begun = JSON.parse(String((await connection.send(begin, declared, true)).body));
    const put = await fetch(begun.upload.url, { method: 'PUT', headers: begun.upload.headers, body });
    if (!put.ok) throw new Error(`The store answered ${put.status}: ${await put.text()}`);
    await put.arrayBuffer();
    const confirm = head('POST', `/api/uploads/${begun.file.id}/confirm`, { ...headers, 'content-length': 0 });
    const { status } = await connection.send(confirm);
    if (status !== 202) throw new Error(`A confirm was answered ${status}.`);
  });
  return COUNT / seconds;
}

/** How often each method was called from other processes, by the metrics of those that called. */
async function callsOf({ urls }: Side): Promise<Map<string, number>> {
  const calls = new Map<string, number>();
  for (const url of urls) {
    const text = await (await fetch(`${url}/metrics`)).text();
    const counts = text.matchAll(/^rpc_client_call_duration\w*_count\{[^}]*rpc_method="([^"]+)"[^}]*\} (\d+)/gm);
    for (const [, method = '', count] of counts) calls.set(method, (calls.get(method) ?? 0) + Number(count));
  }
  return calls;
}

/** The calls between processes that one thing costs, as `Method 1.00, …`. */
async function costOf(side: Side, act: (side: Side) => Promise<number>): Promise<string> {
  const before = await callsOf(side);
  await act(side);
  const after = [...(await callsOf(side))].map(
    ([method, count]) => [method.split('/').at(-1), (count - (before.get(method) ?? 0)) / COUNT] as const,
  );
  return after
    .filter(([, each]) => each >= 0.01)
    .sort(([, one], [, other]) => other - one)
    .map(([method, each]) => `${method} ${each.toFixed(2)}`)
    .join(', ');
}

async function compare(whole: Side, mesh: Side, rounds: number): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const [what, act] of [
    ['10 KB uploads', uploads],
    ['presigned uploads (create, PUT, confirm)', presigned],
  ] as const) {
    const pairs: { raw: number; ours: number }[] = [];
    for (let round = 0; round <= rounds; round++) {
      const pair = await inTurn(
        round,
        () => act(whole),
        () => act(mesh),
      );
      if (round > 0) pairs.push(pair);
    }
    found.push({
      what: `${what} through services apart, concurrency ${CONCURRENCY}`,
      ours: `${Math.round(median(pairs.map(({ ours }) => ours)))}/s`,
      limit: `${Math.round(median(pairs.map(({ raw }) => raw)))}/s in one process`,
      ratio: median(pairs.map(({ raw, ours }) => ours / raw)).toFixed(2),
      target: 'none',
      met: true,
      cost: `calls between services for one: ${await costOf(mesh, act)}`,
    });
  }
  return found;
}

type Environment = Readonly<Record<string, string>>;

async function measure(alone: Environment, common: Environment, rounds: number): Promise<Finding[]> {
  const folder = await mkdtemp(join(process.env.BENCH_DIR ?? tmpdir(), 'holdfast-bench-'));
  const apart = new Mesh();
  const one = await startHoldfast(alone);
  try {
    await apart.start(await meshOf({ folder, common }));
    const urls = apart.urls();
    const url = urls[0] as string;
    return await compare(
      { url: one.url, urls: [one.url], headers: await signUp(one.url) },
      { url, urls, headers: await signUp(url, 'apart@example.com') },
      rounds,
    );
  } finally {
    await apart.stop();
    await one.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const on = (database: Place, store: Place, broker: Place): Environment => ({
  DATABASE_URL: database.url,
  STORAGE_URL: store.url,
  BROKER_URL: broker.url,
  JWT_SECRET,
});

export const servicesApart: Scenario = {
  name: 'apart',
  about: 'every service in processes of its own beside all in one, both on PostgreSQL, Ceph and NATS',
  run: (rounds) =>
    withEngine('postgres', (...databases) =>
      withEngine('s3', (...stores) =>
        withEngine('nats', async (...brokers) => {
          const [database, anotherDatabase] = databases;
          const [store, anotherStore] = stores;
          const [broker, anotherBroker] = brokers;
          const apart = on(await anotherDatabase(), await anotherStore(), await anotherBroker());
          return measure(on(database, store, broker), apart, rounds);
        }),
      ),
    ),
};
