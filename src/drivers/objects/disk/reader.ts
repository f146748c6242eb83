import { Readable } from 'node:stream';
import { toStoreError } from './errors.ts';
import { type Stretch, Stretches } from './stretches.ts';

/** Bytes read at once. While one lot is taken, the next is read. */
const CHUNK = 512 * 1024;

/** Stretches of files as one stream. */
export class StretchReader extends Readable {
  readonly #stretches: Stretches;
  #reading: Promise<void> | undefined;

  constructor(stretches: readonly Stretch[]) {
    super({ highWaterMark: 2 * CHUNK });
    this.#stretches = new Stretches(stretches);
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
      this.#stretches.close().then(
        () => done(error),
        (failure) => done(error ?? failure),
      );
    // A descriptor closed under a read could be given to another file before the read happens.
    if (this.#reading) this.#reading.then(finish);
    else finish();
  }

  async #readChunk(): Promise<Uint8Array | null> {
    const left = await this.#stretches.left();
    if (left === 0) return null;
    const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK, left));
    await this.#stretches.fill(buffer);
    return buffer;
  }
}
