import { close, open, readFully } from './descriptors.ts';

/** A stretch of a file. The descriptor, where it is open already, passes into the care of whoever reads it. */
export interface Stretch {
  readonly path: string;
  readonly descriptor?: number;
  readonly start: number;
  readonly length: number;
}

/** Stretches of files, read one after another. Each file is open only while it is read. */
export class Stretches {
  readonly #stretches: Stretch[];
  #descriptor: number | undefined;
  #position = 0;
  #left = 0;

  constructor(stretches: readonly Stretch[]) {
    this.#stretches = [...stretches];
  }

  /** Bytes that can be read from one file now; 0 at the end of all. */
  async left(): Promise<number> {
    while (this.#left === 0) {
      await this.#closeFile();
      const stretch = this.#stretches.shift();
      if (!stretch) return 0;
      this.#position = stretch.start;
      this.#left = stretch.length;
      this.#descriptor = stretch.descriptor ?? (stretch.length > 0 ? await open(stretch.path, 'r') : undefined);
    }
    return this.#left;
  }

  /** Fills the buffer, which is no longer than what is `left`. */
  async fill(buffer: Uint8Array): Promise<void> {
    const read = await readFully(this.#descriptor as number, buffer, this.#position);
    if (read < buffer.length) throw new Error('A stored file is shorter than it was.');
    this.#position += read;
    this.#left -= read;
  }

  /** To be called when nothing is read any more, and not while something is. */
  async close(): Promise<void> {
    await this.#closeFile();
    for (const { descriptor } of this.#stretches.splice(0)) if (descriptor !== undefined) await close(descriptor);
  }

  async #closeFile(): Promise<void> {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) await close(descriptor);
  }
}
