import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Api } from '../../harness/client.ts';
import { seeded } from '../../harness/fixtures/random.ts';
import { passTime } from '../../harness/inspect.ts';
import { PATIENCE } from '../../harness/patience.ts';
import { childrenOf, isAlive, runCli, type ServerProcess, spawnServer } from '../../harness/process.ts';
import { type Stack, startStack } from '../../harness/stack.ts';
import type { StackKind } from '../../harness/stack-kind.ts';
import { until } from '../../harness/until.ts';
import { allJobsEnd, answerAll, brokenPromises } from '../laws/promises.ts';
import { contradictions } from '../laws/rows.ts';
import { leftovers, missingObjects, nothingMissing } from '../laws/store.ts';
import { startLoad } from '../load/clients.ts';
import { Ledger } from '../load/ledger.ts';

export const SEED = Number(process.env.HOLDFAST_SEED ?? Math.floor(Math.random() * 1_000_000));
/** How many rounds: so many, or FAULT_ROUNDS. */
export const roundsOf = (usual: number) => Number(process.env.FAULT_ROUNDS ?? usual);
const MINUTE = 60_000;
const ACCOUNT = { email: 'survivor@example.com', password: 'correct horse battery staple' };

async function logIn(stack: Stack): Promise<Api> {
  const { body } = await stack.api.expect(200, 'POST', '/api/auth/login', { json: ACCOUNT });
  return new Api(stack.api.url, body.access_token);
}

/** Kills a process as a power cut would, and makes sure that nothing of it lives on. */
async function kill(server: Pick<ServerProcess, 'pid' | 'kill'>): Promise<void> {
  const children = childrenOf(server.pid);
  await server.kill('SIGKILL');
  await until('its processing children to end', () => !children.some(isAlive));
}

class Rounds {
  readonly stack: Stack;
  readonly ledger = new Ledger();
  readonly #random = seeded(SEED);

  constructor(stack: Stack) {
    this.stack = stack;
  }

  /** Under load, kills one instance, or all, at a random moment, and starts them again. */
  async play(round: number): Promise<void> {
    const { stack, ledger } = this;
    const random = this.#random;
    const count = stack.servers.length;
    const load = startLoad(await logIn(stack), ledger, { seed: SEED + round, clients: 4, goesOn: count > 1 });
    const getOn = () => load.getOn(5 + Math.floor(random() * 30));
    await getOn();
    // Sometimes the janitor is at work, too. What it can say depends on when the server is gone.
    const sweep = random() < 0.25 ? stack.cli('sweep') : undefined;
    await pause(random() * 800);
    const [first, ...others] = count > 1 && random() < 0.5 ? [1, 0] : [...stack.servers.keys()];
    const victims = count > 1 && random() < 0.3 ? [first as number, ...others] : [first as number];
    await Promise.all(victims.map((victim) => kill(stack.servers[victim] as ServerProcess)));
    if (victims.length < count) await getOn();
    else await load.stop();
    load.ease();
    await sweep;
    if (victims.length === count) await this.expectWhole();
    for (const victim of victims) {
      if (random() < 0.25) {
        const starting = spawnServer(stack.settings(victim));
        await pause(random() * 400);
        await kill(starting);
      }
      await stack.startInstance(victim);
    }
    await load.stop();
    await this.expectWhole();
  }

  async expectWhole(): Promise<void> {
    expect(this.ledger.broken).toEqual([]);
    await nothingMissing(this.stack);
    expect(await contradictions(this.stack)).toEqual([]);
  }

  /** Everything that was promised is there, and all work ends. */
  async settle(): Promise<void> {
    if (this.stack.servers.length > 1) {
      // Nobody but time takes the leases of a dead instance where others may live.
      await this.stopAll();
      await passTime(this.stack, 3 * MINUTE);
      await this.stack.start();
    }
    const api = await logIn(this.stack);
    await answerAll(api, this.ledger);
    await allJobsEnd(api);
    expect(await brokenPromises(api, this.ledger)).toEqual([]);
  }

  async stopAll(): Promise<void> {
    for (const server of this.stack.servers) expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  }

  /** A day and a bit later, twice: the janitor has then seen everything twice. */
  async tidyUp(): Promise<void> {
    for (let day = 0; day < 2; day += 1) {
      await passTime(this.stack, 25 * 60 * MINUTE);
      await this.stack.start();
      // The janitors of all instances at once.
      const sweeps = this.stack.servers.map((_, i) => runCli(['sweep', '--all-orphans'], this.stack.settings(i)));
      for (const swept of await Promise.all(sweeps)) expect(swept.code, swept.stdout + swept.stderr).toBe(0);
      await this.stopAll();
    }
  }
}

/** A test that kills processes of a stack in so many rounds, and looks at what is left. */
export function keepsEveryPromise(kind: StackKind, rounds: number): void {
  test('it keeps every promise', { timeout: (5 + rounds) * MINUTE * PATIENCE }, async () => {
    console.log(`HOLDFAST_SEED=${SEED}`);
    const stack = await startStack({ ...kind, env: { WORKER_CONCURRENCY: '2' } });
    const played = new Rounds(stack);
    try {
      await stack.api.expect(201, 'POST', '/api/auth/signup', { json: ACCOUNT });
      for (let round = 0; round < rounds; round += 1) await played.play(round);
      await played.settle();
      await played.stopAll();
      expect(await contradictions(stack)).toEqual([]);
      await played.tidyUp();
      expect(await leftovers(stack)).toEqual([]);
      expect(await missingObjects(stack)).toEqual([]);
      expect(await contradictions(stack)).toEqual([]);
      const { accepted, jobs } = played.ledger;
      console.log(`${accepted.size} files accepted, ${jobs.size} jobs, ${rounds} rounds of kills`);
    } catch (error) {
      console.error(`HOLDFAST_SEED=${SEED}\n${stack.output().slice(-20_000)}`);
      throw error;
    } finally {
      await stack.dispose();
    }
  });
}
