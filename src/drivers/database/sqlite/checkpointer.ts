import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Logger } from '../../../base/logger.ts';

/** Beside this file, compiled as it is. */
const WORKER = new URL(`./checkpoint-worker${extname(import.meta.url)}`, import.meta.url);

/**
 * Copies SQLite's log back into the file (sqlite.org/wal.html, "Checkpointing") in a thread of its own. The writer
 * does so itself where the log has grown long all the same, but it holds up the whole process meanwhile: two fsyncs
 * and thousands of small writes.
 */
export class Checkpointer {
  readonly #path: string;
  readonly #log: Logger;
  readonly #delay: number;
  #worker: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `delay`: milliseconds from a commit until it is copied, with all that were made meanwhile. */
  constructor(path: string, log: Logger, delay = 1_000) {
    this.#path = path;
    this.#log = log;
    this.#delay = delay;
  }

  /** Something was committed. */
  wake(): void {
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#worker ??= this.#start();
      this.#worker.postMessage('checkpoint');
    }, this.#delay);
    this.#timer.unref();
  }

  /** To be called when nothing is committed any more. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    const worker = this.#worker;
    if (!worker) return;
    // Once more in the way of the process's end.
    worker.ref();
    const exit = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage('close');
    await exit;
  }

  #start(): Worker {
    const worker = new Worker(WORKER, { workerData: this.#path });
    worker.unref();
    worker.on('error', (error) =>
      this.#log.warn({ err: error }, 'the checkpoint thread failed; the writer does its work'),
    );
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    return worker;
  }
}
