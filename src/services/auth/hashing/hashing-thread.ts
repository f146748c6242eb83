import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Answer, Task } from './protocol.ts';

/** Beside this file, compiled as it is. */
const THREAD = new URL(`./thread${extname(import.meta.url)}`, import.meta.url);

/** Milliseconds without a task after which a thread ends: it takes some megabytes, and is started again in no time. */
const IDLE = 10_000;

/** A thread that does one task at a time. It is there while there are tasks, and holds up no process that is about to end. */
export class HashingThread {
  readonly #idle: number;
  #worker: Worker | undefined;
  #ending: NodeJS.Timeout | undefined;

  constructor({ idle = IDLE } = {}) {
    this.#idle = idle;
  }

  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  async perform(task: Task): Promise<string | boolean> {
    clearTimeout(this.#ending);
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const onExit = () => reject(new Error('The thread that hashes passwords has ended.'));
    worker.once('message', resolve).once('error', reject).once('exit', onExit);
    worker.ref();
    try {
      worker.postMessage(task);
      const answer = await promise;
      if ('error' in answer) throw answer.error;
      return answer.result;
    } finally {
      worker.unref();
      worker.off('message', resolve).off('error', reject).off('exit', onExit);
      this.#ending = setTimeout(() => this.#end(), this.#idle).unref();
    }
  }

  #end(): void {
    void this.#worker?.terminate();
    this.#worker = undefined;
  }

  #start(): Worker {
    const worker = new Worker(THREAD);
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    // Said by whoever waits for a task.
    worker.on('error', () => {});
    return worker;
  }
}
