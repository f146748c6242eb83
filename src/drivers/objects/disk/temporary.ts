import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { errnoOf } from '../../../base/errors.ts';
import { type Loop, startLoop } from '../../../base/lifecycle.ts';
import type { Logger } from '../../../base/logger.ts';

/** Milliseconds between two signs of life of a run. */
const HEARTBEAT = 60_000;
/** Milliseconds without a sign of life after which a run that we cannot see is taken for dead. */
const SILENCE = 15 * 60_000;

/** Runs of this process. */
const ours = new Set<string>();

/**
 * Files that are not finished yet. Each run of a store has its own folder for them, named for the process, and gives
 * a sign of life there; the folders of runs that ended without clearing up are removed. Several processes may thus
 * share one folder of objects. A run that was frozen and taken for dead finds its files gone, and its writes fail.
 */
export class TemporaryFiles {
  readonly #folder: string;
  readonly #run: string;
  readonly #log: Logger;
  #heartbeat: Loop | undefined;
  #count = 0;

  private constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#run = `${whereabouts()}-${process.pid}-${randomBytes(6).toString('hex')}`;
    this.#log = log;
  }

  static async open(folder: string, log: Logger): Promise<TemporaryFiles> {
    const files = new TemporaryFiles(folder, log);
    ours.add(files.#run);
    await mkdir(join(folder, files.#run), { recursive: true, mode: 0o700 });
    await files.#removeStale();
    files.#heartbeat = startLoop({
      every: HEARTBEAT,
      round: () => files.#round(),
      onError: (error) => log.warn({ err: error }, 'temporary files could not be looked after'),
    });
    return files;
  }

  /** A path that nobody has been given before. Whoever takes it removes what he puts there. */
  path(): string {
    return join(this.#folder, this.#run, (this.#count++).toString(36));
  }

  async close(): Promise<void> {
    await this.#heartbeat?.stop();
    await rm(join(this.#folder, this.#run), { recursive: true, force: true });
    ours.delete(this.#run);
  }

  async #round(): Promise<void> {
    const now = new Date();
    await utimes(join(this.#folder, this.#run), now, now);
    await this.#removeStale();
  }

  async #removeStale(): Promise<void> {
    for (const run of await readdir(this.#folder)) {
      if (ours.has(run) || !(await this.#isDead(run))) continue;
      await rm(join(this.#folder, run), { recursive: true, force: true });
      this.#log.info({ run }, 'removed the unfinished files of a run that ended');
    }
  }

  async #isDead(run: string): Promise<boolean> {
    const [where, pid] = run.split('-');
    // A process number that is ours and a run that is not: the number was given again.
    if (where === whereabouts() && (Number(pid) === process.pid || !isAlive(Number(pid)))) return true;
    const found = await stat(join(this.#folder, run)).catch(() => undefined);
    return found !== undefined && Date.now() - found.mtimeMs > SILENCE;
  }
}

let here: string | undefined;

/**
 * Names the machine, its present run and, in a container, its own numbering of processes: only within it does a number
 * mean one. Machines that share a folder over a network may well have one host name.
 */
function whereabouts(): string {
  here ??= createHash('sha256').update([hostname(), boot(), numbering()].join('\n')).digest('hex').slice(0, 12);
  return here;
}

const boot = (): string => onLinux(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
const numbering = (): string => onLinux(() => readlinkSync('/proc/self/ns/pid'));

function onLinux(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== 'ESRCH';
  }
}
