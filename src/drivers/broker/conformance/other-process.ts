import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./other-process-program.ts', import.meta.url));

interface Consuming {
  readonly url: string;
  readonly topic: string;
  readonly group: string;
}

/**
 * A process that consumes, one message at a time, and never ends with a message whose `hold` is true. It can be
 * killed, as a machine that loses its power.
 */
export class OtherProcess {
  /** Resolves when it consumes. */
  readonly ready: Promise<void>;
  /** Numbers of the messages that it began with, and of those whose handler ended. */
  readonly begun: number[] = [];
  readonly done: number[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #told = () => {};

  constructor(consuming: Consuming) {
    this.#child = spawn(process.execPath, [PROGRAM, JSON.stringify(consuming)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#exited = once(this.#child, 'close');
    let ready = () => {};
    this.ready = Promise.race([
      new Promise<void>((resolve) => {
        ready = resolve;
      }),
      this.#exited.then(() => Promise.reject(new Error('The other process ended.'))),
    ]);
    // Nobody waits for it any more when the process is killed.
    this.ready.catch(() => {});
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const [word, number] = line.split(' ');
      if (word === 'ready') ready();
      if (word === 'begun') this.begun.push(Number(number));
      if (word === 'done') this.done.push(Number(number));
      this.#told();
    });
  }

  async untilBegun(count: number): Promise<void> {
    while (this.begun.length < count) {
      await new Promise<void>((resolve) => {
        this.#told = resolve;
      });
    }
  }

  /** Ends it at once, without a word to the server. Resolves when all that it said has been read. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** Stops it as it stands, with its connections open: a machine that sleeps. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  wake(): void {
    this.#child.kill('SIGCONT');
  }
}
