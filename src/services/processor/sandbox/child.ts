/**
 * The process in which users' bytes are parsed. It starts with an empty environment, few permissions and a scratch
 * folder as its working directory, warms the image library, and then follows orders until its parent ends it.
 */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { loadImageLibrary } from './image-library.ts';
import { ORIGINAL, type Order, type Report } from './protocol.ts';
import { runFile } from './run-file.ts';
import { BUSY, IDLE, type WatchdogData } from './watchdog.ts';

// A signal to the whole group (Ctrl-C, a service manager's stop) is the parent's to answer: it lets work end first.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
// Not `exit`, which would wait for the decoder.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

const watchdog: WatchdogData = { state: new SharedArrayBuffer(4), limit: Number(process.argv[2]) };
const flag = new Int32Array(watchdog.state);
new Worker(new URL(`./watchdog${extname(import.meta.url)}`, import.meta.url), { workerData: watchdog }).unref();

const sharp = await loadImageLibrary();
// The first pipeline of a process takes longer than those after it.
await sharp({ create: { width: 64, height: 64, channels: 3, background: '#888' } })
  .resize(16, 16)
  .jpeg()
  .toBuffer();

const say = (report: Report) => process.send?.(report);
const ready = () => say({ report: 'ready', rss: process.memoryUsage.rss() });

async function follow(order: Order): Promise<void> {
  if (order.order === 'self-test') {
    const { selfTest } = await import('./self-test.ts');
    say({ report: 'tested', result: await selfTest(sharp) });
  } else {
    const { jobs, limits } = order;
    await runFile(
      sharp,
      { path: ORIGINAL, jobs, limits },
      {
        started: (job) => say({ report: 'started', job }),
        made: (job, made) => say({ report: 'made', job, made }),
        failed: (job, failed) => say({ report: 'failed', job, failed }),
      },
    );
  }
}

function setBusy(state: typeof BUSY | typeof IDLE): void {
  Atomics.store(flag, 0, state);
  Atomics.notify(flag, 0);
}

process.on('message', (order: Order) => {
  setBusy(BUSY);
  follow(order).then(
    () => {
      setBusy(IDLE);
      ready();
    },
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : error}\n`, () => process.exit(70));
    },
  );
});

ready();
