import { randomBytes } from 'node:crypto';
import { formatSize } from '../../src/base/units.ts';
import { type Answer, type Connection, hammer, head } from '../http.ts';
import { cpuSeconds, median, peakMemory } from '../measure.ts';
import type { Finding, Scenario } from '../scenario.ts';
import { type Server, signUp, startHoldfast, startRaw } from '../servers.ts';

const SIZE = 10 * 1024;
const CONCURRENCY = 32;
const COUNT = 3000;

interface Side {
  readonly server: Server;
  upload(connection: Connection, body: Buffer): Promise<Answer>;
  download(connection: Connection, id: string): Promise<Answer>;
  idOf(answer: Answer): string;
}

interface Round {
  readonly rate: number;
  /** Milliseconds per operation. */
  readonly cpu: number;
}

const body = randomBytes(SIZE);

async function raw(): Promise<Side> {
  const server = await startRaw();
  const upload = head('POST', '/', { 'content-length': SIZE });
  return {
    server,
    upload: (connection, bytes) => connection.send(upload, bytes, true),
    download: (connection, id) => connection.send(head('GET', `/${id}`, {})),
    idOf: (answer) => String(answer.body),
  };
}

async function ours(): Promise<Side> {
  const server = await startHoldfast();
  const headers = await signUp(server.url);
  const upload = head('POST', '/api/files?name=small.bin', {
    ...headers,
    'content-type': 'application/octet-stream',
    'content-length': SIZE,
  });
  return {
    server,
    upload: (connection, bytes) => connection.send(upload, bytes, true),
    download: (connection, id) => connection.send(head('GET', `/api/files/${id}/content`, headers)),
    idOf: (answer) => JSON.parse(String(answer.body)).files[0].id,
  };
}

async function uploads({ server, upload, idOf }: Side, expected: number): Promise<Round & { ids: string[] }> {
  const ids: string[] = [];
  const cpu = cpuSeconds(server.pid);
  const seconds = await hammer(server.url, { count: COUNT, concurrency: CONCURRENCY }, async (connection) => {
    const answer = await upload(connection, body);
    if (answer.status !== expected) throw new Error(`An upload was answered ${answer.status}: ${answer.body}`);
    ids.push(idOf(answer));
  });
  return { rate: COUNT / seconds, cpu: ((cpuSeconds(server.pid) - cpu) * 1000) / COUNT, ids };
}

async function downloads({ server, download }: Side, ids: readonly string[]): Promise<Round> {
  const cpu = cpuSeconds(server.pid);
  const seconds = await hammer(server.url, { count: COUNT, concurrency: CONCURRENCY }, async (connection, index) => {
    const answer = await download(connection, ids[index % ids.length] as string);
    if (answer.status !== 200 || answer.bytes !== SIZE) throw new Error(`A download was answered ${answer.status}.`);
  });
  return { rate: COUNT / seconds, cpu: ((cpuSeconds(server.pid) - cpu) * 1000) / COUNT };
}

function compare(
  what: string,
  target: number,
  rounds: readonly { ours: Round; raw: Round }[],
  memory: string,
): Finding {
  const of = (side: 'ours' | 'raw', figure: keyof Round) => median(rounds.map((round) => round[side][figure]));
  const ratio = median(rounds.map((round) => round.ours.rate / round.raw.rate));
  return {
    what,
    ours: `${Math.round(of('ours', 'rate'))}/s`,
    limit: `${Math.round(of('raw', 'rate'))}/s`,
    ratio: ratio.toFixed(2),
    target: `>= ${target}`,
    met: ratio >= target,
    cost: `CPU ${of('ours', 'cpu').toFixed(2)} ms (raw ${of('raw', 'cpu').toFixed(2)}), ${memory}`,
  };
}

export const smallTransfers: Scenario = {
  name: 'small',
  about: `${formatSize(SIZE)} files at concurrency ${CONCURRENCY}, ${COUNT} a round, beside raw Node with fsync`,
  async run(rounds) {
    const sides = { ours: await ours(), raw: await raw() };
    try {
      const up: { ours: Round; raw: Round }[] = [];
      const down: { ours: Round; raw: Round }[] = [];
      // The first round warms both up and is not counted.
      for (let round = 0; round <= rounds; round++) {
        const upRaw = await uploads(sides.raw, 201);
        const upOurs = await uploads(sides.ours, 202);
        const downRaw = await downloads(sides.raw, upRaw.ids);
        const downOurs = await downloads(sides.ours, upOurs.ids);
        if (round === 0) continue;
        up.push({ ours: upOurs, raw: upRaw });
        down.push({ ours: downOurs, raw: downRaw });
      }
      const memory = `peak ${formatSize(peakMemory(sides.ours.server.pid))} (raw ${formatSize(peakMemory(sides.raw.server.pid))})`;
      return [
        compare('10 KB uploads, fully durable', 0.5, up, memory),
        compare('10 KB downloads, authenticated', 0.7, down, memory),
      ];
    } finally {
      await Promise.all([sides.ours.server.stop(), sides.raw.server.stop()]);
    }
  },
};
