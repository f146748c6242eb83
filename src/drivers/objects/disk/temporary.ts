import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { errnoOf } from '../../../base/errors.ts';
import { type Loop, startLoop } from '../../../base/lifecycle.ts';
import type { Logger } from '../../../base/logger.ts';
import { exists } from './exists.ts';
import { Silence } from './silence.ts';

/** Milliseconds between two signs of life of a run. */
const HEARTBEAT = 60_000;

/** Runs of this process. */
const ours = new Set<string>();

/**
 * Files that are not finished yet. Each run of a store has its own folder for them, named for the process, and gives
 * a sign of life there; the folders of runs that ended without clearing up are removed. Several processes may thus
 * share one folder of objects. On this machine the process number tells whether a run lives, elsewhere its signs of
 * life do. A run that was frozen and taken for dead finds its files gone, those writes fail, and it goes on.
 */
export class TemporaryFiles {
  readonly #all: string;
  readonly #run = `${whereabouts()}-${process.pid}-${randomBytes(6).toString('hex')}`;
  readonly #folder: string;
  readonly #log: Logger;
  readonly #elsewhere = new Silence();
  #heartbeat: Loop | undefined;
  #count = 0;

  private constructor(all: string, log: Logger) {
    this.#all = all;
    this.#folder = join(all, this.#run);
    this.#log = log;
  }

  /** `heartbeat`: milliseconds. */
  static async open(all: string, log: Logger, heartbeat = HEARTBEAT): Promise<TemporaryFiles> {
    const files = new TemporaryFiles(all, log);
    ours.add(files.#run);
    await mkdir(files.#folder, { recursive: true, mode: 0o700 });
    await files.#removeDead();
    files.#heartbeat = startLoop({
      every: heartbeat,
      round: () => files.#round(),
      onError: (error) => log.warn({ err: error }, 'temporary files could not be looked after'),
    });
    return files;
  }

  /** A path that nobody has been given before. Whoever takes it removes what he puts there. */
  path(): string {
    this.#keepFolder();
    return join(this.#folder, (this.#count++).toString(36));
  }

  /** Takes a folder away as a whole, so that nobody finds half of it, and then deletes what is in it. */
  async discard(folder: string): Promise<void> {
    const aside = this.path();
    try {
      await rename(folder, aside);
    } catch (error) {
      // It may also be our own folder that is missing.
      if (errnoOf(error) === 'ENOENT' && !(await exists(folder))) return;
      throw error;
    }
    await rm(aside, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    await this.#heartbeat?.stop();
    await rm(this.#folder, { recursive: true, force: true });
    ours.delete(this.#run);
  }

  async #round(): Promise<void> {
    this.#keepFolder();
    const now = new Date();
    await utimes(this.#folder, now, now);
    await this.#removeDead();
  }

  /** Makes our folder again where somebody took us for dead. */
  #keepFolder(): void {
    if (existsSync(this.#folder)) return;
    try {
      mkdirSync(this.#folder, { mode: 0o700 });
    } catch {
      // Where the disk is gone, whatever is to be written there fails, and says so.
    }
  }

  async #removeDead(): Promise<void> {
    for (const run of await this.#dead()) {
      await this.discard(join(this.#all, run));
      this.#log.info({ run }, 'removed the unfinished files of a run that ended');
    }
  }

  async #dead(): Promise<string[]> {
    const dead: string[] = [];
    const elsewhere = new Map<string, number>();
    for (const run of await readdir(this.#all)) {
      const [, where, pid] = RUN.exec(run) ?? [];
      if (where === undefined || ours.has(run)) continue;
      if (where !== whereabouts()) {
        const found = await stat(join(this.#all, run)).catch(() => undefined);
        if (found) elsewhere.set(run, found.mtimeMs);
        // A process number that is ours and a run that is not: the number was given again.
      } else if (Number(pid) === process.pid || !isAlive(Number(pid))) dead.push(run);
    }
    return [...dead, ...this.#elsewhere.look(elsewhere)];
  }
}

/** The name of a run: its whereabouts, its process number, and what tells it from others of that number. */
const RUN = /^([0-9a-f]{12})-(\d+)-[0-9a-f]+$/;

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
