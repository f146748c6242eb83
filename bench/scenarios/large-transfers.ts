import { randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatSize } from '../../src/base/units.ts';
import { Connection, head } from '../http.ts';
import { cpuSeconds, errorOf, inTurn, median, peakMemory } from '../measure.ts';
import type { Finding, Scenario } from '../scenario.ts';
import { type Server, signUp, startHoldfast, startRaw } from '../servers.ts';

const SIZE = 1024 ** 3;
const MEMORY_LIMIT = 250 * 1024 ** 2;
const DOWNLOADS = 3;
/** The most that a ratio may be off by chance and still count as 1. */
const NOISE = 0.02;
const chunk = randomBytes(1024 * 1024);

interface Side {
  readonly server: Server;
  readonly uploadHead: string;
  readonly status: number;
  idOf(body: Buffer): string;
  downloadHead(id: string): string;
  remove(id: string): Promise<void>;
}

async function raw(): Promise<Side> {
  const server = await startRaw();
  return {
    server,
    uploadHead: head('POST', '/', { 'content-length': SIZE }),
    status: 201,
    idOf: String,
    downloadHead: (id) => head('GET', `/${id}`, {}),
    // As ours does: whoever writes next would otherwise get the pages that the other has set free.
    remove: (id) => rm(join(server.folder, 'files', id)),
  };
}

async function ours(): Promise<Side> {
  const server = await startHoldfast();
  const headers = await signUp(server.url);
  return {
    server,
    uploadHead: head('POST', '/api/files?name=large.bin', {
      ...headers,
      'content-type': 'application/octet-stream',
      'content-length': SIZE,
    }),
    status: 202,
    idOf: (body) => JSON.parse(String(body)).files[0].id,
    downloadHead: (id) => head('GET', `/api/files/${id}/content`, headers),
    async remove(id) {
      const connection = await Connection.open(server.url);
      await connection
        .send(head('DELETE', `/api/files/${id}?permanent=true`, { ...headers, connection: 'close' }))
        .catch(() => {});
      connection.close();
    },
  };
}

interface Transfer {
  readonly bytesPerSecond: number;
  readonly cpu: number;
}

/** `transfer` moves so many files of `SIZE`. */
async function timed(server: Server, transfer: () => Promise<void>, files = 1): Promise<Transfer> {
  const cpu = cpuSeconds(server.pid);
  const started = performance.now();
  await transfer();
  const seconds = (performance.now() - started) / 1000;
  return { bytesPerSecond: (files * SIZE) / seconds, cpu: (cpuSeconds(server.pid) - cpu) / files };
}

/**
 * Sets as much memory free as an upload takes for the pages of its file. A virtual machine gives memory that lies idle
 * back to its host within seconds, and getting it again can take longer than the upload: it would count for whoever comes
 * late.
 */
async function freshenMemory(folder: string): Promise<void> {
  const path = join(folder, 'fresh');
  const file = await open(path, 'w');
  try {
    for (let written = 0; written < SIZE; written += chunk.length) await file.write(chunk);
  } finally {
    await file.close();
    await rm(path);
  }
}

async function round(side: Side): Promise<{ up: Transfer; down: Transfer }> {
  await freshenMemory(side.server.folder);
  const connection = await Connection.open(side.server.url);
  let id = '';
  const up = await timed(side.server, async () => {
    const answer = await connection.sendLarge(side.uploadHead, chunk, SIZE);
    if (answer.status !== side.status) throw new Error(`The upload was answered ${answer.status}.`);
    id = side.idOf(answer.body ?? Buffer.alloc(0));
  });
  const down = await timed(
    side.server,
    async () => {
      for (let download = 0; download < DOWNLOADS; download++) {
        const answer = await connection.send(side.downloadHead(id));
        if (answer.bytes !== SIZE)
          throw new Error(`A download was answered ${answer.status} with ${answer.bytes} bytes.`);
      }
    },
    DOWNLOADS,
  );
  connection.close();
  await side.remove(id);
  return { up, down };
}

export const largeTransfers: Scenario = {
  name: 'large',
  about: `${formatSize(SIZE)} files, one at a time, beside raw Node with fsync`,
  async run(rounds) {
    const sides = { ours: await ours(), raw: await raw() };
    try {
      const pairs: { ours: Awaited<ReturnType<typeof round>>; raw: Awaited<ReturnType<typeof round>> }[] = [];
      for (let index = 0; index <= rounds; index++) {
        const pair = await inTurn(
          index,
          () => round(sides.raw),
          () => round(sides.ours),
        );
        if (index > 0) pairs.push(pair);
      }
      const peak = peakMemory(sides.ours.server.pid);
      const peakRaw = peakMemory(sides.raw.server.pid);
      const finding = (what: string, way: 'up' | 'down', target: number): Finding => {
        const ratios = pairs.map((pair) => pair.ours[way].bytesPerSecond / pair.raw[way].bytesPerSecond);
        const [ratio, error] = [median(ratios), errorOf(ratios)];
        const speed = (side: 'ours' | 'raw') =>
          `${formatSize(median(pairs.map((pair) => pair[side][way].bytesPerSecond)))}/s`;
        const cpu = (side: 'ours' | 'raw') => median(pairs.map((pair) => pair[side][way].cpu)).toFixed(2);
        return {
          what,
          ours: speed('ours'),
          limit: speed('raw'),
          ratio: `${ratio.toFixed(2)} ± ${error.toFixed(2)}`,
          target: `>= ${target}`,
          // Of two that are alike each is ahead in half of the runs.
          met: ratio + (target === 1 ? Math.min(error, NOISE) : 0) >= target,
          cost: `CPU ${cpu('ours')} s (raw ${cpu('raw')})`,
        };
      };
      return [
        finding('1 GiB upload', 'up', 0.8),
        finding('1 GiB download', 'down', 1),
        {
          what: 'memory at its peak, 1 GiB up and down',
          ours: formatSize(peak),
          limit: formatSize(peakRaw),
          ratio: '',
          target: `< ${formatSize(MEMORY_LIMIT)}`,
          met: peak < MEMORY_LIMIT,
          cost: '',
        },
      ];
    } finally {
      await Promise.all([sides.ours.server.stop(), sides.raw.server.stop()]);
    }
  },
};
