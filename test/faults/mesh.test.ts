import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { signalTree } from '../harness/engines/tree.ts';
import { describeWithEngines } from '../harness/engines/use.ts';
import { seeded } from '../harness/fixtures/random.ts';
import { call } from '../harness/http.ts';
import { PATIENCE } from '../harness/patience.ts';
import { runCli, type ServerProcess } from '../harness/process.ts';
import { openProxy, type TcpProxy } from '../harness/proxy.ts';
import { type Stack, startStack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';
import { allJobsEnd, answerAll, brokenPromises } from './laws/promises.ts';
import { contradictions } from './laws/rows.ts';
import { nothingMissing } from './laws/store.ts';
import { type Load, startLoad } from './load/clients.ts';
import { Ledger } from './load/ledger.ts';
import { WatchedApi } from './load/watched-api.ts';

const SEED = Number(process.env.HOLDFAST_SEED ?? Math.floor(Math.random() * 1_000_000));
const RANDOM_ROUNDS = Number(process.env.FAULT_ROUNDS ?? 3);

describeWithEngines(
  ['postgres', 's3', 'nats'],
  `services that run apart, under load (HOLDFAST_SEED=${SEED} replays the moments)`,
  () => {
    const random = seeded(SEED);
    const lines = new Map<string, TcpProxy[]>();
    const ledger = new Ledger();
    let stack: Stack;
    let user: WatchedApi;
    let rounds = 0;

    beforeAll(async () => {
      const between = async (service: string, port: number) => {
        const line = await openProxy(`http://127.0.0.1:${port}`);
        lines.set(service, [...(lines.get(service) ?? []), line]);
        return line.port;
      };
      stack = await startStack({
        database: 'postgres',
        objects: 's3',
        broker: 'nats',
        apart: 'mesh',
        mesh: { between, processes: 2 },
        env: { WORKER_CONCURRENCY: '2' },
      });
      user = new WatchedApi(await stack.api.signUp(), ledger);
    });
    afterAll(async () => {
      await stack?.dispose();
      for (const line of [...lines.values()].flat()) await line.stop();
    });

    /** Numbers of the processes of a service. */
    const processesOf = (service: string): number[] =>
      stack.members.flatMap(({ services }, number) => (services.some((name) => name === service) ? [number] : []));
    const processOf = (number: number) => stack.processes[number] as ServerProcess;
    const services = () => [...new Set(stack.members.flatMap((member) => member.services))];

    /** Under load; afterwards nothing may be lost. */
    async function disturbed(act: (load: Load) => Promise<void>): Promise<void> {
      const load = startLoad(user, ledger, { seed: SEED + rounds++, clients: 3, goesOn: true, outages: true });
      try {
        await load.getOn(8);
        await act(load);
        await load.getOn(8);
      } catch (error) {
        console.error(stack.output().slice(-20_000));
        throw error;
      } finally {
        await load.stop();
      }
      expect(ledger.broken).toEqual([]);
      expect(await contradictions(stack)).toEqual([]);
      await nothingMissing(stack);
    }

    /** Kills processes as a power cut would, and starts them again a little later. */
    async function killAndStart(victims: readonly number[], meanwhile: () => Promise<void>): Promise<void> {
      await Promise.all(victims.map((victim) => processOf(victim).kill('SIGKILL')));
      await meanwhile();
      await Promise.all(victims.map((victim) => stack.startInstance(victim)));
    }

    it('lose nothing when one process of each is killed in turn', async () => {
      for (const service of services()) {
        await disturbed(async (load) => {
          const [victim] = processesOf(service);
          await killAndStart([victim as number], async () => {
            await load.getOn(8);
            load.ease();
          });
        });
      }
    });

    it(`lose nothing when they are killed at ${RANDOM_ROUNDS} random moments`, {
      timeout: (5 + RANDOM_ROUNDS) * 60_000 * PATIENCE,
    }, async () => {
      for (let round = 0; round < RANDOM_ROUNDS; round++) {
        await disturbed(async (load) => {
          const service = services()[Math.floor(random() * services().length)] as string;
          const all = processesOf(service);
          const victims = random() < 0.5 ? all : all.slice(0, 1);
          await pause(random() * 500);
          await killAndStart(victims, async () => {
            load.ease();
            await pause(random() * 1_500);
          });
        });
      }
    });

    it('get on without those that are frozen past their leases, which do no harm when they wake', async () => {
      const frozen = ['files', 'storage', 'processor'].map(
        (service) => processOf(processesOf(service)[0] as number).pid,
      );
      ledger.standstill = true;
      await disturbed(async (load) => {
        for (const pid of frozen) signalTree(pid, 'SIGSTOP');
        try {
          await load.getOn(16);
          load.ease();
          // Leases of jobs hold for 30 s.
          await pause(31_000);
        } finally {
          for (const pid of frozen) signalTree(pid, 'SIGCONT');
        }
      });
    });

    it('bear connections that are cut, slow and silent', async () => {
      const all = [...lines.values()].flat();
      ledger.standstill = true;
      await disturbed(async (load) => {
        for (const line of all) line.reset();
        await load.getOn(8);
        for (const line of all) line.delay(100);
        await load.getOn(8);
        for (const line of all) await line.pass();
        for (const [silent] of lines.values()) silent?.freeze();
        await load.getOn(8);
        for (const line of all) await line.pass();
      });
    });

    it('say at once what is away, and go on when it is back', async () => {
      const [gateway] = stack.servers;
      const files = processesOf('files');
      await killAndStart(files, async () => {
        // One call may find out the hard way; then it is known.
        await user.call('GET', '/api/files').catch(() => undefined);
        for (let request = 0; request < 5; request++) {
          const answer = await call('GET', `${gateway?.url}/api/files`, {
            headers: { authorization: `Bearer ${user.token}` },
            signal: AbortSignal.timeout(5_000),
          });
          expect(answer.status).toBe(503);
          expect(answer.body).toMatchObject({ code: 'unavailable' });
          expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
        }
        expect((await call('GET', `${gateway?.url}/healthz`)).status).toBe(200);
        const { status, body } = await call('GET', `${gateway?.url}/readyz`);
        expect(status).toBe(503);
        expect(body.checks).toMatchObject({ files: { status: 'failed' }, auth: { status: 'ok' } });
        const env = { ...stack.settings(processesOf('gateway')[0] as number), DATA_DIR: join(stack.folder, 'doctor') };
        const doctor = JSON.parse((await runCli(['doctor', 'gateway', '--json'], env)).stdout);
        expect(doctor).toContainEqual(expect.objectContaining({ name: 'files service', state: 'failed' }));
        expect(doctor).toContainEqual(expect.objectContaining({ name: 'auth service', state: 'ok' }));
      });
      const isReady = async ({ url }: ServerProcess) => (await call('GET', `${url}/readyz`)).status === 200;
      await until('the gateways to be ready', async () =>
        (await Promise.all(stack.servers.map(isReady))).every(Boolean),
      );
      await user.expect(200, 'GET', '/api/files');
    });

    it('keep every promise in the end, and stop when they are told to', async () => {
      await answerAll(user, ledger);
      await allJobsEnd(user);
      expect(await brokenPromises(user, ledger)).toEqual([]);
      for (const server of stack.processes) expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    });
  },
);
