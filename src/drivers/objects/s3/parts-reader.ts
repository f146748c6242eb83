import type { Readable } from 'node:stream';
import { bodyError, wrongSize } from '../body.ts';

/** Bytes that a buffer has at first where it is not known how much will come. */
const SMALLEST = 64 * 1024;

/**
 * Cuts a body into pieces of given lengths. Each is in a buffer of its own, which the caller may hand back: so a long
 * body needs but as many as are in use at once.
 */
export class PartsReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #declared: number | undefined;
  /** What of a chunk did not fit into the piece before. */
  #rest: Uint8Array | undefined;
  #ended = false;
  #spare: Buffer | undefined;
  /** Bytes given so far. */
  size = 0;

  constructor(body: Readable, declared: number | undefined) {
    this.#chunks = body[Symbol.asyncIterator]();
    this.#declared = declared;
  }

  /** Whether all was given. Known when a piece came that was shorter than it might have been, or when all of the declared size was given. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * The next piece: `length` bytes, or fewer at the end. Throws `size_mismatch` as soon as there are more bytes than
   * declared, or at the end fewer; `incomplete_body`; or what the body fails with.
   */
  async next(length: number): Promise<Buffer> {
    let buffer = this.#take(length);
    let filled = 0;
    while (filled < length) {
      const chunk = this.#rest ?? (await this.#read());
      this.#rest = undefined;
      if (!chunk) break;
      const taken = Math.min(chunk.length, length - filled);
      if (filled + taken > buffer.length) buffer = larger(buffer, filled, filled + taken, length);
      buffer.set(taken === chunk.length ? chunk : chunk.subarray(0, taken), filled);
      if (taken < chunk.length) this.#rest = chunk.subarray(taken);
      filled += taken;
      this.size += taken;
      if (this.#declared !== undefined && this.size > this.#declared) throw wrongSize(this.#declared);
    }
    // The end shows only when it is read, and a piece more than there is would be an empty one.
    if (!this.#ended && !this.#rest) this.#rest = await this.#read();
    if (this.#ended && this.#declared !== undefined && this.size !== this.#declared) throw wrongSize(this.#declared);
    return buffer.subarray(0, filled);
  }

  /** Gives a piece back that is not needed any more. */
  reuse(piece: Buffer): void {
    this.#spare = Buffer.from(piece.buffer);
  }

  async #read(): Promise<Uint8Array | undefined> {
    try {
      while (!this.#ended) {
        const { done, value } = await this.#chunks.next();
        if (done) this.#ended = true;
        else if (value.length > 0) return value;
      }
      return undefined;
    } catch (error) {
      throw bodyError(error);
    }
  }

  #take(length: number): Buffer {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare && spare.length >= length) return spare;
    const left = this.#declared === undefined ? SMALLEST : this.#declared - this.size;
    return Buffer.allocUnsafeSlow(Math.min(length, Math.max(left, SMALLEST)));
  }
}

function larger(buffer: Buffer, filled: number, needed: number, most: number): Buffer {
  const next = Buffer.allocUnsafeSlow(Math.min(most, Math.max(needed, 2 * buffer.length)));
  buffer.copy(next, 0, 0, filled);
  return next;
}
