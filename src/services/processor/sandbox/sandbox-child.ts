import { type ChildProcess, fork } from 'node:child_process';
import { rename, rm } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CHILD, confinement } from './confinement.ts';
import { MEMORY_SIGNAL, type Order, type Report } from './protocol.ts';
import { emptyFolder } from './scratch.ts';

/** How a child ended that nobody told to. */
export interface Crash {
  readonly cause: 'timeout' | 'memory' | 'crash';
  /** For the log: how it ended and the last that it wrote to stderr. */
  readonly detail: string;
}

export interface ChildOptions {
  /** Its scratch folder: there, empty, and its alone. */
  readonly folder: string;
  /** Bytes of resident memory at which it is ended. */
  readonly memory: number;
  readonly environment: Readonly<Record<string, string>>;
}

/** Milliseconds that a child may take until it is warm. */
const START_TIMEOUT = 30_000;
const STDERR_KEPT = 4096;
/** Below the process that serves requests, so that those are answered while all cores are busy. */
const NICENESS = 5;

/** A sandbox process as its parent sees it. It follows one order at a time. */
export class SandboxChild {
  readonly folder: string;
  /** Files that it has worked on. */
  orders = 0;
  /** Bytes of resident memory when it was warm, and when it last became ready. */
  rssAtStart = 0;
  rss = 0;
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  #stderr = '';
  #crash: Crash | undefined;
  #killedFor: Crash['cause'] | undefined;
  #onReport: ((report: Report) => void) | undefined;
  #onEnd: ((crash: Crash) => void) | undefined;

  private constructor({ folder, memory, environment }: ChildOptions) {
    this.folder = folder;
    this.#process = fork(CHILD, [String(memory)], {
      cwd: folder,
      env: environment,
      execArgv: confinement(folder),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const drained = new Promise((resolve) => {
      if (!this.#process.stderr) return resolve(undefined);
      this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
        this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
      });
      this.#process.stderr.on('close', resolve);
    });
    this.#process.on('message', (report: Report) => this.#onReport?.(report));
    this.#ended = new Promise((resolve) => {
      const end = (how: string, signal: NodeJS.Signals | null) => {
        if (this.#crash) return;
        const cause = this.#killedFor ?? (signal === MEMORY_SIGNAL ? 'memory' : 'crash');
        this.#crash = { cause, detail: `${how}${this.#stderr && `: ${this.#stderr.trim()}`}` };
        resolve();
        this.#onEnd?.(this.#crash);
      };
      this.#process.on('error', (error) => end(error.message, null));
      // Not `close`: it never comes where we disconnected first. What was written last may come after `exit`.
      this.#process.on('exit', async (code, signal) => {
        await drained;
        end(signal ? `ended by ${signal}` : `ended with code ${code}`, signal);
      });
    });
  }

  /** Starts a process and waits until it is warm. Throws where it does not become so. */
  static async start(options: ChildOptions): Promise<SandboxChild> {
    const child = new SandboxChild(options);
    const crash = await child.#converse(undefined, START_TIMEOUT, () => {});
    if (crash) {
      await child.end();
      throw new Error(`A sandbox process did not start: ${crash.detail}`);
    }
    child.rssAtStart = child.rss;
    lowerPriority(child.pid);
    return child;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get alive(): boolean {
    return this.#crash === undefined;
  }

  /**
   * Has an order followed; resolves with how the process ended, should it end. `timeout` (milliseconds) counts anew
   * from each report. An aborted signal ends the process.
   */
  async follow(
    order: Order,
    timeout: number,
    onReport: (report: Report) => void,
    signal: AbortSignal,
  ): Promise<Crash | undefined> {
    this.orders += 1;
    const kill = () => this.#kill('crash');
    signal.addEventListener('abort', kill, { once: true });
    if (signal.aborted) kill();
    try {
      return await this.#converse(order, timeout, onReport);
    } finally {
      signal.removeEventListener('abort', kill);
    }
  }

  /** Takes an order's files away: all that the process has of it. */
  async forget(): Promise<void> {
    await emptyFolder(this.folder);
  }

  /** Moves a file into the scratch folder. */
  async give(path: string, name: string): Promise<void> {
    await rename(path, join(this.folder, name));
  }

  /** Ends the process; resolves when it has ended and its folder is gone. */
  async end(): Promise<void> {
    if (this.#process.connected) this.#process.disconnect();
    await Promise.race([this.#ended, delay(1000, undefined, { ref: false })]);
    this.#kill('crash');
    await this.#ended;
    await rm(this.folder, { recursive: true, force: true });
  }

  #kill(cause: Crash['cause']): void {
    if (this.#crash) return;
    this.#killedFor ??= cause;
    this.#process.kill('SIGKILL');
  }

  /** Sends an order, if there is one, and listens until the process is ready again. */
  #converse(order: Order | undefined, timeout: number, onReport: (report: Report) => void): Promise<Crash | undefined> {
    if (this.#crash) return Promise.resolve(this.#crash);
    return new Promise((resolve) => {
      const overdue = setTimeout(() => this.#kill('timeout'), timeout);
      const finish = (crash: Crash | undefined) => {
        clearTimeout(overdue);
        this.#onReport = undefined;
        this.#onEnd = undefined;
        resolve(crash);
      };
      this.#onEnd = finish;
      this.#onReport = (report) => {
        overdue.refresh();
        if (report.report !== 'ready') return onReport(report);
        this.rss = report.rss;
        finish(undefined);
      };
      if (order) this.#process.send(order, () => {});
    });
  }
}

function lowerPriority(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, NICENESS);
  } catch {
    // A system that does not allow it runs the child as it runs everything.
  }
}
