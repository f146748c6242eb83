import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { describe, inject, it } from 'vitest';
import type { Request, Response } from './host.ts';
import { absent, type EngineName, type Place } from './index.ts';

declare module 'vitest' {
  export interface TaskMeta {
    /** Why it is left out. */
    skipReason?: string;
  }
}

interface Options {
  /** The tests start servers of their own with `startEngine`, to kill them: one that the environment names won't do. */
  readonly own?: boolean;
}

/**
 * A `describe` for tests that need real engines.
 *
 *     describeWithEngines(['redis'], 'the Redis driver', () => {
 *       brokerConformance({ name: 'redis', start: () => place('redis') });
 *       it('survives a restart', async () => {
 *         const server = await startEngine('redis');   // of our own, to kill: import it from index.ts
 *         ...
 *       });
 *     });
 *
 * Where an engine cannot be had, its tests are skipped and the summary of the run says why; with CI=true that is a
 * failure instead. Nothing is started before a test asks for it.
 */
export function describeWithEngines(
  engines: readonly EngineName[],
  name: string,
  tests: () => void,
  options: Options = {},
): void {
  describeWhere(absent(engines, options), name, tests);
}

/** A `describe` for tests that need something of the machine; `reasons` say what of it cannot be had. */
export function describeWhere(reasons: readonly string[], name: string, tests: () => void): void {
  if (reasons.length === 0) return void describe(name, tests);
  const skipReason = `left out: ${reasons.join(', ')}`;
  if (!process.env.CI) return void describe(name, { skip: true, meta: { skipReason } }, tests);
  describe(name, () => {
    it('has what it needs', () => {
      throw new Error(`With CI=true all that tests need must be there. ${skipReason}`);
    });
  });
}

/**
 * A fresh place on the server of this kind that the whole test run shares: a database, a bucket, a virtual host or a
 * prefix of its own. Give it back with `stop()` when nothing uses it any more.
 */
export async function place(engine: EngineName): Promise<Place> {
  const made = await ask({ place: engine });
  if (!('url' in made)) throw new Error(`No place was made on ${engine}.`);
  return {
    url: made.url,
    stop: async () => {
      await ask({ stop: made.url });
    },
  };
}

function ask(request: Request): Promise<Exclude<Response, { error: string }>> {
  return new Promise((resolve, reject) => {
    const socket = connect(inject('engineHost'));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('The host of the engines has closed.')));
    createInterface({ input: socket })
      // Its errors are those of the socket.
      .on('error', () => {})
      .once('line', (line) => {
        const response = JSON.parse(line) as Response;
        if ('error' in response) reject(new Error(response.error));
        else resolve(response);
        socket.destroy();
      });
    socket.write(`${JSON.stringify(request)}\n`);
  });
}
