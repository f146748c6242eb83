import { Readable } from 'node:stream';
import { close, open, readFully } from './descriptors.ts';
import { toStoreError } from './errors.ts';

/** Bytes read at once. While one lot is taken, the next is read. */
const CHUNK = 512 * 1024;

/** A stretch of a file. The descriptor, where it is open already, passes into the reader's care. */
export interface Stretch {
  readonly path: string;
  readonly descriptor?: number;
  readonly start: number;
  readonly length: number;
}

/** Stretches of files, one after another, as one stream. Each file is open only while it is read. */
export class StretchReader extends Readable {
  readonly #stretches: Stretch[];
  #descriptor: number | undefined;
  #position = 0;
  #left = 0;
  #reading: Promise<void> | undefined;

  constructor(stretches: readonly Stretch[]) {
    super({ highWaterMark: 2 * CHUNK });
    this.#stretches = [...stretches];
  }

  override _read(): void {
    this.#reading = this.#readChunk().then(
      (chunk) => {
        this.#reading = undefined;
        this.push(chunk);
      },
      (error) => {
        this.#reading = undefined;
        this.destroy(toStoreError(error) as Error);
      },
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const finish = () =>
      this.#closeAll().then(
        () => done(error),
        (failure) => done(error ?? failure),
      );
    // A descriptor closed under a read could be given to another file before the read happens.
    if (this.#reading) this.#reading.then(finish);
    else finish();
  }

  async #readChunk(): Promise<Uint8Array | null> {
    while (this.#left === 0) {
      await this.#closeFile();
      const stretch = this.#stretches.shift();
      if (!stretch) return null;
      this.#position = stretch.start;
      this.#left = stretch.length;
      this.#descriptor = stretch.descriptor ?? (stretch.length > 0 ? await open(stretch.path, 'r') : undefined);
    }
    const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK, this.#left));
    const read = await readFully(this.#descriptor as number, buffer, this.#position);
    if (read < buffer.length) throw new Error('A stored file is shorter than it was.');
    this.#position += read;
    this.#left -= read;
    return buffer;
  }

  async #closeAll(): Promise<void> {
    await this.#closeFile();
    for (const { descriptor } of this.#stretches.splice(0)) if (descriptor !== undefined) await close(descriptor);
  }

  async #closeFile(): Promise<void> {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) await close(descriptor);
  }
}
