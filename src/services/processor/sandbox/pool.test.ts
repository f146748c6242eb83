import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterEach, describe, expect, test } from 'vitest';
import { fixture } from '../../../../test/harness/fixtures.ts';
import { isAlive } from '../../../../test/harness/process.ts';
import type { PoolOptions } from './pool.ts';
import type { SandboxChild } from './sandbox-child.ts';
import { job, openTestPool, type TestPool } from './testing.ts';

/** How long a busy machine may take. */
const SOON = { interval: 10 };

const NEVER = new AbortController().signal;

const beds: TestPool[] = [];
async function open(options?: Partial<PoolOptions>): Promise<TestPool> {
  const bed = await openTestPool(options);
  beds.push(bed);
  return bed;
}
afterEach(async () => {
  await Promise.all(beds.splice(0).map((bed) => bed.close()));
});

/** The process that the next order gets. */
const next = (bed: TestPool) => bed.pool.withChild(NEVER, async (child) => child);

const isRunning = (child: SandboxChild) => {
  try {
    return process.kill(child.pid as number, 0);
  } catch {
    return false;
  }
};

/** Takes seconds to encode. */
const SLOW = job('webp', { width: 8192, height: 8192, effort: 6, quality: 100 }, 'slow');
const QUICK = job('thumbnail', {}, 'quick');

const expectWorks = async (bed: TestPool) => {
  const { outcomes, crash } = await bed.run(await fixture('alpha.png'), [QUICK]);
  expect(crash).toBeUndefined();
  expect(outcomes.map(({ id, made }) => [id, made?.width])).toEqual([['quick', 300]]);
};

describe('a process that', () => {
  test('takes longer than a job may is killed; what was made before stands', async () => {
    const bed = await open();
    const victim = await next(bed);
    const { outcomes, crash } = await bed.run(await fixture('camera.jpg'), [SLOW, QUICK], { timeout: 2_000 });
    expect(outcomes.map(({ id, made }) => [id, made?.width])).toEqual([['quick', 300]]);
    expect(crash).toMatchObject({ cause: 'timeout', job: { id: 'slow' } });
    expect(isRunning(victim)).toBe(false);
    await expectWorks(bed);
  });

  test('takes more memory than it may ends itself, while its main thread is busy', async () => {
    const bed = await open({ memory: 260 * 1024 ** 2 });
    // Interlaced, so that it cannot be decoded row by row.
    const large = await sharp({ create: { width: 9000, height: 9000, channels: 4, background: '#abc' } })
      .png({ progressive: true, compressionLevel: 1 })
      .toBuffer();
    const { outcomes, crash } = await bed.run(large, [QUICK]);
    expect(outcomes).toEqual([]);
    expect(crash).toMatchObject({ cause: 'memory', job: { id: 'quick' } });
    await expectWorks(bed);
  });

  test('is killed takes its job along, and the next order finds another', async () => {
    const bed = await open();
    const victim = await next(bed);
    const running = bed.run(await fixture('camera.jpg'), [SLOW]);
    await expect.poll(() => victim.orders, SOON).toBe(1);
    process.kill(victim.pid as number, 'SIGKILL');
    const { outcomes, crash } = await running;
    expect(outcomes).toEqual([]);
    expect(crash).toMatchObject({ cause: 'crash', detail: 'ended by SIGKILL' });
    expect((await next(bed)).pid).not.toBe(victim.pid);
    await expectWorks(bed);
  });

  test('is killed while it has nothing to do is noticed by the next order', async () => {
    const bed = await open();
    const victim = await next(bed);
    process.kill(victim.pid as number, 'SIGKILL');
    await expect.poll(() => victim.alive, SOON).toBe(false);
    await expectWorks(bed);
  });

  test('leaves Ctrl-C and a service manager’s stop to its parent', async () => {
    const bed = await open();
    const child = await next(bed);
    process.kill(child.pid as number, 'SIGINT');
    process.kill(child.pid as number, 'SIGTERM');
    await expectWorks(bed);
    expect((await next(bed)).pid).toBe(child.pid);
  });

  test('is not needed any more ends when its order is aborted', async () => {
    const bed = await open();
    const victim = await next(bed);
    const abort = new AbortController();
    const running = bed.run(await fixture('camera.jpg'), [SLOW], { signal: abort.signal });
    await expect.poll(() => victim.orders, SOON).toBe(1);
    abort.abort(new Error('the lease is lost'));
    await expect(running).rejects.toThrow('the lease is lost');
    expect(isRunning(victim)).toBe(false);
    await expectWorks(bed);
  });
});

test('a process whose parent was killed does not outlive it, deep in work or not', async () => {
  const camera = join(await mkdtemp(join(tmpdir(), 'holdfast-orphan-')), 'camera.jpg');
  await writeFile(camera, await fixture('camera.jpg'));
  const script = `
    import { readFile } from 'node:fs/promises';
    import { job, openTestPool } from ${JSON.stringify(new URL('./testing.ts', import.meta.url).href)};
    const bed = await openTestPool({ size: 2 });
    const never = new AbortController().signal;
    await bed.pool.withChild(never, (busy) =>
      bed.pool.withChild(never, async (idle) => console.log(JSON.stringify({ pids: [busy.pid, idle.pid], folder: bed.scratch }))),
    );
    bed.run(await readFile(${JSON.stringify(camera)}), [job('webp', ${JSON.stringify(SLOW.options)})]);
    bed.run(await readFile(${JSON.stringify(camera)}), [job('webp', ${JSON.stringify(SLOW.options)})]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    process.kill(process.pid, 'SIGKILL');
  `;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = await once(parent.stdout, 'data');
  const { pids, folder } = JSON.parse(String(output));
  await once(parent, 'exit');
  expect(pids).toHaveLength(2);
  await expect.poll(() => pids.filter(isAlive)).toEqual([]);
  await rm(folder, { recursive: true });
  await rm(dirname(camera), { recursive: true });
});

describe('a pool', () => {
  test('uses a process again, and keeps nothing of one file for the next', async () => {
    const bed = await open();
    const first = await next(bed);
    await expectWorks(bed);
    expect(await readdir(first.folder)).toEqual([]);
    await bed.pool.withChild(NEVER, ({ folder }) => writeFile(join(folder, 'left'), 'x'));
    expect(await readdir(first.folder)).toEqual([]);
    await expectWorks(bed);
    expect(await next(bed)).toBe(first);
    expect(first.orders).toBe(2);
  });

  test('replaces a process whose memory has grown', async () => {
    // PDFium keeps what a large page took, and that is more than a quarter of this.
    const bed = await open({ memory: 400 * 1024 ** 2 });
    const first = await next(bed);
    const { outcomes } = await bed.run(await fixture('pages.pdf'), [
      job('pdf_thumbnail', { width: 4096, height: 4096 }),
    ]);
    expect(outcomes).toHaveLength(1);
    expect(await next(bed)).not.toBe(first);
    await expect.poll(() => isRunning(first), SOON).toBe(false);
    await expectWorks(bed);
  });

  test('runs no more processes than it may; who waits gets the next that is free, in turn', async () => {
    const bed = await open({ size: 2 });
    const used = new Set<SandboxChild>();
    const order: number[] = [];
    const { promise: bothAtWork, resolve: both } = Promise.withResolvers<void>();
    await Promise.all(
      [1, 2, 3, 4, 5].map((number) =>
        bed.pool.withChild(NEVER, async (child) => {
          used.add(child);
          if (order.push(number) === 2) both();
          await bothAtWork;
        }),
      ),
    );
    expect(order).toEqual([1, 2, 3, 4, 5]);
    expect(used.size).toBe(2);
    // A folder for each process that was ever started, and the fonts.
    expect(await readdir(bed.scratch)).toHaveLength(3);
  });

  test('lets go of who does not want to wait any more', async () => {
    const bed = await open();
    const abort = new AbortController();
    const waited = await bed.pool.withChild(NEVER, async () => {
      const waiting = bed.pool.withChild(abort.signal, async () => 'had it');
      abort.abort(new Error('no time'));
      return waiting.catch((error: Error) => error.message);
    });
    expect(waited).toBe('no time');
    await expectWorks(bed);
  });

  test('says so where no process can be started, and starts one when it can again', async () => {
    const bed = await open();
    await rm(bed.scratch, { recursive: true });
    await writeFile(bed.scratch, 'a file where a folder was');
    await expect(bed.pool.ready(NEVER)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(bed.pool.ready(NEVER)).rejects.toMatchObject({ code: 'unavailable' });
    await rm(bed.scratch);
    await mkdir(bed.scratch);
    await expectWorks(bed);
  });

  test('ends everything when it is closed, and leaves no folder', async () => {
    const bed = await open({ size: 2 });
    const children = await bed.pool.withChild(NEVER, async (first) => [first, await next(bed)]);
    await bed.pool.close();
    expect(children.map(isRunning)).toEqual([false, false]);
    expect(await readdir(bed.scratch)).toEqual(['fonts']);
    await expect(bed.pool.ready(NEVER)).rejects.toMatchObject({ code: 'cancelled' });
  });
});
