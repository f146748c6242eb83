import { closeSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf, HoldfastError } from '../../../base/errors.ts';
import { fsync, open } from './descriptors.ts';

/** How often a folder may be deleted under our hands before we give up. */
const ATTEMPTS = 20;

/** Folders whose own entries are known to be durable; forgotten all at once when there are more. */
const MAX_KNOWN = 10_000;

/** Folders kept open: those that are written into just now are few. */
const MAX_OPEN = 64;

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
  readonly #open = new Map<string, OpenFolder>();

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
        await this.#make(folder);
      }
    }
  }

  /**
   * Makes a folder and those above it, but never the root: where that is gone, so is the disk that was mounted there.
   * One that is there already, or whose parent goes away meanwhile, is no error: whoever enters it tries again. Not by
   * `recursive`, which answers ENOTDIR where a folder that it found is gone when it looks again.
   */
  async #make(folder: string): Promise<void> {
    if (folder === this.#root || (await makeFolder(folder))) return;
    await this.#make(dirname(folder));
    await makeFolder(folder);
  }

  /** Resolves when what was done in the folder before the call, and the way to the folder, survive a power cut. */
  sync(folder: string): Promise<void> {
    const state = this.#syncing.get(folder) ?? { running: undefined, next: undefined };
    this.#syncing.set(folder, state);
    // One that waits has not begun, and sees it all. Two at once would close the folder under each other's hands.
    if (state.next) return state.next;
    if (!state.running) return this.#run(folder, state);
    state.next = state.running
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
    const opened = await this.#opened(folder);
    if (opened) await syncDescriptor(opened.descriptor);
    const identity = opened?.identity;
    if (identity === undefined && folder === this.#root) throw new HoldfastError('unavailable', ROOT_GONE);
    if (folder === this.#root || (identity !== undefined && this.#known.get(folder) === identity)) return;
    await this.sync(dirname(folder));
    if (identity === undefined) return;
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(folder, identity);
  }

  /** To be called when nothing is written any more. */
  close(): void {
    for (const { descriptor } of this.#open.values()) closeSync(descriptor);
    this.#open.clear();
  }

  /** The folder that has this path now; undefined where there is none. */
  async #opened(folder: string): Promise<OpenFolder | undefined> {
    const identity = identityOf(folder);
    const kept = this.#open.get(folder);
    // As long as it is open its inode is given to no other, so the identity tells.
    if (kept && kept.identity === identity) return kept;
    this.#forget(folder);
    const descriptor = identity === undefined ? undefined : await openFolder(folder);
    if (identity === undefined || descriptor === undefined) return undefined;
    const opened = { descriptor, identity };
    this.#open.set(folder, opened);
    this.#closeIdle();
    return opened;
  }

  #closeIdle(): void {
    for (const folder of this.#open.keys()) {
      if (this.#open.size <= MAX_OPEN) return;
      // One that is synced just now is in use.
      if (!this.#syncing.has(folder)) this.#forget(folder);
    }
  }

  #forget(folder: string): void {
    const kept = this.#open.get(folder);
    if (!kept) return;
    this.#open.delete(folder);
    closeSync(kept.descriptor);
  }
}

interface OpenFolder {
  readonly descriptor: number;
  readonly identity: string;
}

/** False where the one above it is missing. */
async function makeFolder(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  return true;
}

/** A folder that was removed and made again under its name is another one, so a path alone does not tell. */
function identityOf(folder: string): string | undefined {
  // Of a folder just written to this is in memory: asking the thread pool would cost ten times as much.
  const found = statSync(folder, { throwIfNoEntry: false });
  return found && `${found.ino}:${found.birthtimeMs}`;
}

async function openFolder(folder: string): Promise<number | undefined> {
  try {
    return await open(folder, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function syncDescriptor(descriptor: number): Promise<void> {
  await fsync(descriptor).catch((error: unknown) => {
    // Some file systems have nothing to write for a folder, and say so with this.
    if (errnoOf(error) !== 'EINVAL') throw error;
  });
}
