import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf, HoldfastError } from '../../../base/errors.ts';
import { close, fstat, fsync, open } from './descriptors.ts';

/** How often a folder may be deleted under our hands before we give up. */
const ATTEMPTS = 20;

/** Folders whose own entries are known to be durable; forgotten all at once when there are more. */
const MAX_KNOWN = 10_000;

const ROOT_GONE = 'The folder of the object store is gone.';

interface Syncing {
  running: Promise<void> | undefined;
  next: Promise<void> | undefined;
}

/**
 * Makes what was done in folders durable. Many who write into one folder at once share an fsync: those who come while
 * one runs, which may not have seen their entry, share the next.
 */
export class Folders {
  readonly #root: string;
  readonly #syncing = new Map<string, Syncing>();
  /** Identity of a folder, by its path, whose entry in its parent is durable. */
  readonly #known = new Map<string, string>();

  /** `root` must exist and be durable itself. */
  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Does something that puts an entry into a folder, making the folder where it is missing: deleting the last object
   * of a folder removes it, and may do so at any moment.
   */
  async enter<T>(folder: string, action: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await action();
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT' || attempt === ATTEMPTS) throw error;
        await makeFolder(folder);
      }
    }
  }

  /** Resolves when what was done in the folder before the call, and the way to the folder, survive a power cut. */
  sync(folder: string): Promise<void> {
    const state = this.#syncing.get(folder) ?? { running: undefined, next: undefined };
    this.#syncing.set(folder, state);
    if (!state.running) return this.#run(folder, state);
    state.next ??= state.running
      .catch(() => undefined)
      .then(() => {
        state.next = undefined;
        return this.#run(folder, state);
      });
    return state.next;
  }

  #run(folder: string, state: Syncing): Promise<void> {
    const running = this.#sync(folder).finally(() => {
      if (state.running === running) state.running = undefined;
      if (!state.next) this.#syncing.delete(folder);
    });
    state.running = running;
    return running;
  }

  async #sync(folder: string): Promise<void> {
    const identity = await syncFolder(folder);
    if (identity === undefined && folder === this.#root) throw new HoldfastError('unavailable', ROOT_GONE);
    if (folder === this.#root || (identity !== undefined && this.#known.get(folder) === identity)) return;
    await this.sync(dirname(folder));
    if (identity === undefined) return;
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(folder, identity);
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    // The folder above it went away while this was made: to be tried again.
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

/**
 * Makes the entries of one folder durable and answers its identity, undefined where it is gone. A folder that was removed and made again under its name is another one, so a
 * path alone does not tell.
 */
export async function syncFolder(folder: string): Promise<string | undefined> {
  let descriptor: number;
  try {
    descriptor = await open(folder, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { ino, birthtimeMs } = await fstat(descriptor);
    await fsync(descriptor).catch((error: unknown) => {
      // Some file systems have nothing to write for a folder, and say so with this.
      if (errnoOf(error) !== 'EINVAL') throw error;
    });
    return `${ino}:${birthtimeMs}`;
  } finally {
    await close(descriptor);
  }
}
