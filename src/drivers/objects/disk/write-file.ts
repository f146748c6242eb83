import { closeSync, constants } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { bodyError, wrongSize } from '../body.ts';
import { close, fdatasync, fsync, open, writeAll } from './descriptors.ts';
import { toStoreError } from './errors.ts';

/** Bytes handed to the operating system at once. Twice as much is held: one lot is written while the next comes in. */
const BATCH = 1024 * 1024;

/**
 * After so many bytes what is written so far is sent on its way to the disk, while more comes in. Not more often: each
 * time, the disk also writes out what its own cache holds, and others wait for that.
 */
const FLUSH_EVERY = 128 * 1024 * 1024;

interface WriteOptions {
  readonly size?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a new file, durable but for its name in its folder; answers its size. A body that is not of the declared
 * size, ends too early, or is aborted leaves no file, and is destroyed.
 */
export async function writeFile(path: string, body: Readable | Uint8Array, options: WriteOptions): Promise<number> {
  const file = new NewFile(path, body instanceof Readable ? STREAMED : AT_ONCE);
  try {
    options.signal?.throwIfAborted();
    if (body instanceof Readable) await writeStream(file, body, options);
    else {
      if (options.size !== undefined && options.size !== body.length) throw wrongSize(options.size);
      await file.write([body], body.length);
    }
    await file.finish();
    return file.size;
  } catch (error) {
    if (body instanceof Readable) body.destroy();
    await file.discard();
    throw error;
  }
}

async function writeStream(file: NewFile, body: Readable, { size, signal }: WriteOptions): Promise<void> {
  const abort = () => body.destroy(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  let batch: Uint8Array[] = [];
  let held = 0;
  let received = 0;
  let writing: Promise<void> | undefined;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      batch.push(chunk);
      held += chunk.length;
      received += chunk.length;
      if (size !== undefined && received > size) throw wrongSize(size);
      if (held < BATCH) continue;
      await writing;
      writing = file.write(batch, held);
      // Awaited by the next round, which may never come.
      writing.catch(() => undefined);
      batch = [];
      held = 0;
    }
    await writing;
    signal?.throwIfAborted();
    if (size !== undefined && received < size) throw wrongSize(size);
    await file.write(batch, held);
  } catch (error) {
    await writing?.catch(() => undefined);
    signal?.throwIfAborted();
    throw bodyError(error);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

const { O_CREAT, O_DSYNC, O_EXCL, O_WRONLY } = constants;
const STREAMED = O_WRONLY | O_CREAT | O_EXCL;
/** Each write is on the disk when it returns, which saves an fsync. Only Linux means the disk itself by that. */
const AT_ONCE = process.platform === 'linux' ? STREAMED | O_DSYNC : STREAMED;

/** A file that is made when its first bytes come, so that a small one costs a single write. */
class NewFile {
  readonly #path: string;
  readonly #flags: number;
  #descriptor: number | undefined;
  #flushedTo = 0;
  #flushing: Promise<void> | undefined;
  size = 0;

  constructor(path: string, flags: number) {
    this.#path = path;
    this.#flags = flags;
  }

  async write(batch: readonly Uint8Array[], length: number): Promise<void> {
    try {
      this.#descriptor ??= await open(this.#path, this.#flags, 0o600);
      await writeAll(this.#descriptor, batch, this.size);
      this.size += length;
      if (this.size - this.#flushedTo >= FLUSH_EVERY) await this.#flush(this.#descriptor);
    } catch (error) {
      throw toStoreError(error);
    }
  }

  /** Waits for the flush before, which tells of what went wrong with it, and begins another. */
  async #flush(descriptor: number): Promise<void> {
    await this.#flushing;
    this.#flushedTo = this.size;
    this.#flushing = fdatasync(descriptor);
    // Awaited by the next one, which may never come.
    this.#flushing.catch(() => undefined);
  }

  async finish(): Promise<void> {
    try {
      await this.#flushing;
      this.#descriptor ??= await open(this.#path, this.#flags, 0o600);
      if (!(this.#flags & O_DSYNC) || this.size === 0) await fsync(this.#descriptor);
      const descriptor = this.#descriptor;
      this.#descriptor = undefined;
      // All is on the disk: closing has nothing to wait for.
      closeSync(descriptor);
    } catch (error) {
      throw toStoreError(error);
    }
  }

  async discard(): Promise<void> {
    await this.#flushing?.catch(() => undefined);
    if (this.#descriptor !== undefined) await close(this.#descriptor).catch(() => undefined);
    await unlink(this.#path).catch(() => undefined);
  }
}
