import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ChannelCredentials } from '@grpc/grpc-js';
import { createChannel, createClient } from 'nice-grpc';
import { initCertificates } from '../../src/app/certs/folder.ts';
import { derived, serviceContext } from '../../src/base/context.ts';
import { createLogger } from '../../src/base/logger.ts';
import { FileServiceDefinition } from '../../src/contract/holdfast/v1/file.ts';
import { connectTo } from '../../src/rpc/client/index.ts';
import { openCertificates } from '../../src/rpc/tls/certificates.ts';
import { REQUEST, service } from '../calls/file.ts';
import { cpuSeconds, median } from '../measure.ts';
import type { Finding, Scenario } from '../scenario.ts';

const WARM_UP = 1_500;
const TIME = 1_500;
const CONCURRENCIES = [1, 64];
const NAMES = ['ours', 'bareTls', 'bare'] as const;

/** A way to call GetFile. */
interface Way {
  readonly call: () => Promise<unknown>;
  /** The process of the server, where it is another one. */
  readonly pid: number | undefined;
  close(): void;
}

interface Figures {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  /** Microseconds of CPU of the server for each call. */
  readonly cpu: number;
}

const log = await createLogger({ level: 'warn', pretty: false, to: 'stderr' });
const user = derived(serviceContext('gateway', log, 'bench'), {
  principal: { kind: 'user', ownerId: '0199f0d2-7c1e-7d2a-9d11-6a5b1c2d3e4a' },
});

async function startServer(kind: string, folder: string): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../calls/server.ts'), kind, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error('The server ended before it listened.');
  });
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line'),
    ended,
  ]);
  ended.catch(() => {});
  return { child, port: Number(line) };
}

async function ours(folder: string): Promise<Way> {
  const { child, port } = await startServer('ours', folder);
  const file = (name: string) => join(folder, name);
  const certificates = await openCertificates(
    { ca: file('ca.pem'), cert: file('gateway.pem'), key: file('gateway.key') },
    { log },
  );
  const addresses = [{ host: '127.0.0.1', port }];
  const remote = connectTo({ service: 'files', addresses, certificates, log, forwardsPrincipals: true });
  const files = remote.client(FileServiceDefinition);
  return {
    call: () => files.getFile(REQUEST, user),
    pid: child.pid,
    close() {
      remote.close();
      certificates.stop();
      child.kill();
    },
  };
}

async function bare(kind: 'bare' | 'bare-tls', folder: string): Promise<Way> {
  const { child, port } = await startServer(kind, folder);
  const read = (name: string) => readFileSync(join(folder, name));
  const credentials =
    kind === 'bare'
      ? ChannelCredentials.createInsecure()
      : ChannelCredentials.createSsl(read('ca.pem'), read('gateway.key'), read('gateway.pem'));
  const channel = createChannel(`localhost:${port}`, credentials);
  const files = createClient(FileServiceDefinition, channel);
  return {
    call: () => files.getFile(REQUEST as never),
    pid: child.pid,
    close() {
      channel.close();
      child.kill();
    },
  };
}

const inProcess = (): Way => ({ call: () => service.getFile(REQUEST, user), pid: undefined, close() {} });

/** Calls for so many milliseconds, so many at a time. */
async function load({ call, pid }: Way, concurrency: number, milliseconds: number): Promise<Figures> {
  const times: number[] = [];
  const cpuBefore = pid === undefined ? 0 : cpuSeconds(pid);
  const started = performance.now();
  const caller = async () => {
    for (let now = performance.now(); now - started < milliseconds; ) {
      await call();
      const after = performance.now();
      times.push(after - now);
      now = after;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  const cpu = pid === undefined ? 0 : ((cpuSeconds(pid) - cpuBefore) / times.length) * 1e6;
  const rate = (times.length / (performance.now() - started)) * 1_000;
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] as number;
  return { rate, p50: at(0.5), p99: at(0.99), cpu };
}

const show = ({ rate, p50, p99 }: Figures): string =>
  `${Math.round(rate).toLocaleString('en')} calls/s (p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms)`;

/** The round of median speed. */
const middle = (rounds: readonly Figures[]): Figures =>
  rounds.toSorted((a, b) => a.rate - b.rate)[Math.floor(rounds.length / 2)] as Figures;

export const calls: Scenario = {
  name: 'calls',
  about: 'a GetFile of 0.7 KB between processes, ours beside nice-grpc as it comes, both with mutual TLS',
  async run(rounds) {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
    await initCertificates(folder, { hosts: [], days: 30, force: true });
    const ways = {
      ours: await ours(folder),
      bareTls: await bare('bare-tls', folder),
      bare: await bare('bare', folder),
    };
    try {
      for (const way of Object.values(ways)) await load(way, 64, WARM_UP);
      const findings: Finding[] = [];
      for (const concurrency of CONCURRENCIES) {
        const found: Record<keyof typeof ways, Figures[]> = { ours: [], bareTls: [], bare: [] };
        for (let round = 0; round < rounds; round++) {
          for (let turn = 0; turn < NAMES.length; turn++) {
            // Nobody always goes first.
            const name = NAMES[(round + turn) % NAMES.length] as keyof typeof ways;
            found[name].push(await load(ways[name], concurrency, TIME));
          }
        }
        const here = await load(inProcess(), concurrency, TIME / 3);
        const ratio = median(found.ours.map(({ rate }, round) => rate / (found.bareTls[round] as Figures).rate));
        findings.push({
          what: `GetFile over gRPC with mutual TLS, ${concurrency} at a time`,
          ours: show(middle(found.ours)),
          limit: show(middle(found.bareTls)),
          ratio: ratio.toFixed(2),
          target: 'at least 0.9',
          met: ratio >= 0.9,
          cost:
            `CPU of the server for a call ${middle(found.ours).cpu.toFixed(0)} µs, bare ${middle(found.bareTls).cpu.toFixed(0)} µs; ` +
            `bare without TLS: ${show(middle(found.bare))}; in process: ${show(here)}`,
        });
      }
      return findings;
    } finally {
      for (const way of Object.values(ways)) way.close();
      await rm(folder, { recursive: true });
    }
  },
};
