import { randomBytes } from 'node:crypto';
import { Connection, hammer, head } from '../http.ts';
import { cpuSeconds, median } from '../measure.ts';
import type { Finding, Scenario } from '../scenario.ts';
import { CREDENTIALS, type Server, signUp, startHoldfast } from '../servers.ts';
import { ours, type Side, uploads } from '../small-files.ts';

const REQUESTS = 6_000;
const CONCURRENCY = 32;
/** People who log in at the same time, each again and again. */
const SIGNING_IN = 8;
const FILE = randomBytes(1_024);

interface Figures {
  readonly rate: number;
  /** Milliseconds of CPU of the server for each request. */
  readonly cpu: number;
}

/** The same bytes by the same handlers: who asks is all that is different. */
async function waysIn({ url }: Server): Promise<Readonly<Record<string, string>>> {
  const bearer = await signUp(url);
  const connection = await Connection.open(url);
  const post = async (path: string, body: Buffer, headers: Readonly<Record<string, string>>) => {
    const all = { ...headers, 'content-length': body.length };
    const answer = await connection.send(head('POST', path, all), body, true);
    if (answer.status >= 300) throw new Error(`${path} was answered ${answer.status}: ${answer.body}`);
    return answer;
  };
  const json = { 'content-type': 'application/json' };
  const uploaded = await post('/api/files?name=small.bin&visibility=public', FILE, {
    ...bearer,
    'content-type': 'application/octet-stream',
  });
  const id: string = JSON.parse(String(uploaded.body)).files[0].id;
  const session = await post('/api/auth/sessions', Buffer.from(JSON.stringify(CREDENTIALS)), json);
  const cookie = /\r\nset-cookie: ([^;]+)/i.exec(session.headers)?.[1] as string;
  const made = await post('/api/auth/tokens', Buffer.from(JSON.stringify({ name: 'bench', scopes: ['files:read'] })), {
    ...bearer,
    ...json,
  });
  const { token } = JSON.parse(String(made.body));
  connection.close();
  const content = `/api/files/${id}/content`;
  return {
    nobody: head('GET', `/public/${id}`, {}),
    JWT: head('GET', content, bearer),
    'session cookie': head('GET', content, { cookie }),
    'API token': head('GET', content, { authorization: `Bearer ${token}` }),
  };
}

async function load({ url, pid }: Server, request: string): Promise<Figures> {
  const before = cpuSeconds(pid);
  const seconds = await hammer(url, { count: REQUESTS, concurrency: CONCURRENCY }, async (connection) => {
    const answer = await connection.send(request);
    if (answer.status !== 200 || answer.bytes !== FILE.length) throw new Error(`It was answered ${answer.status}.`);
  });
  return { rate: REQUESTS / seconds, cpu: ((cpuSeconds(pid) - before) * 1000) / REQUESTS };
}

async function costOfWays(rounds: number): Promise<Finding[]> {
  const server = await startHoldfast();
  try {
    const ways = Object.entries(await waysIn(server));
    const found = new Map<string, Figures[]>(ways.map(([name]) => [name, []]));
    // The first round warms up and is not counted.
    for (let round = 0; round <= rounds; round++) {
      for (let turn = 0; turn < ways.length; turn++) {
        const [name, request] = ways[(round + turn) % ways.length] as (typeof ways)[0];
        const figures = await load(server, request);
        if (round > 0) found.get(name)?.push(figures);
      }
    }
    const of = (name: string, figure: keyof Figures) => median((found.get(name) ?? []).map((each) => each[figure]));
    return ways.slice(1).map(([name]): Finding => {
      const more = median(
        (found.get(name) ?? []).map(({ cpu }, round) => cpu - (found.get('nobody')?.[round]?.cpu ?? 0)),
      );
      return {
        what: `a request signed by ${name}`,
        ours: `${Math.round(of(name, 'rate'))}/s`,
        limit: `${Math.round(of('nobody', 'rate'))}/s by nobody`,
        ratio: (of(name, 'rate') / of('nobody', 'rate')).toFixed(2),
        target: 'at most 0.1 ms of CPU more',
        met: more <= 0.1,
        cost: `CPU ${of(name, 'cpu').toFixed(3)} ms, by nobody ${of('nobody', 'cpu').toFixed(3)}, ${more.toFixed(3)} more`,
      };
    });
  } finally {
    await server.stop();
  }
}

const person = (number: number) => `person-${number}@example.com`;

/** All log in again and again until they are told to stop; answers how often. */
async function logIns(url: string, signal: AbortSignal): Promise<number> {
  let done = 0;
  const one = async (_: unknown, number: number) => {
    const body = Buffer.from(JSON.stringify({ ...CREDENTIALS, email: person(number) }));
    const request = head('POST', '/api/auth/login', {
      'content-type': 'application/json',
      'content-length': body.length,
    });
    const connection = await Connection.open(url);
    while (!signal.aborted) {
      const { status } = await connection.send(request, body);
      if (status !== 200) throw new Error(`A log-in was answered ${status}.`);
      done += 1;
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: SIGNING_IN }, one));
  return done;
}

async function withLogIns(side: Side): Promise<{ rate: number; logIns: number }> {
  const stopping = new AbortController();
  const signingIn = logIns(side.server.url, stopping.signal);
  const started = performance.now();
  const { rate } = await uploads(side, 202);
  stopping.abort();
  const done = await signingIn;
  return { rate, logIns: (done * 1000) / (performance.now() - started) };
}

async function logInsBesideUploads(rounds: number): Promise<Finding> {
  const side = await ours({ RATE_LIMIT_SIGN_IN: 'off' });
  try {
    // Each has an account: attempts at one account have to wait for each other.
    for (let number = 0; number < SIGNING_IN; number++) await signUp(side.server.url, person(number));
    const alone: number[] = [];
    const beside: { rate: number; logIns: number }[] = [];
    for (let round = 0; round <= rounds; round++) {
      const { rate } = await uploads(side, 202);
      const both = await withLogIns(side);
      if (round === 0) continue;
      alone.push(rate);
      beside.push(both);
    }
    const stopping = new AbortController();
    const started = performance.now();
    setTimeout(() => stopping.abort(), 4_000);
    const idle = (await logIns(side.server.url, stopping.signal)) / ((performance.now() - started) / 1000);
    const ratio = median(beside.map(({ rate }, round) => rate / (alone[round] as number)));
    return {
      what: `10 KB uploads while ${SIGNING_IN} people log in again and again`,
      ours: `${Math.round(median(beside.map(({ rate }) => rate)))}/s`,
      limit: `${Math.round(median(alone))}/s alone`,
      ratio: ratio.toFixed(2),
      target: '>= 0.8',
      met: ratio >= 0.8,
      cost: `${median(beside.map((each) => each.logIns)).toFixed(1)} log-ins/s beside them, ${idle.toFixed(1)} without`,
    };
  } finally {
    await side.server.stop();
  }
}

export const auth: Scenario = {
  name: 'auth',
  about: 'what it costs to know who asks, beside the same route for nobody; log-ins beside uploads',
  run: async (rounds) => [...(await costOfWays(rounds)), await logInsBesideUploads(rounds)],
};
