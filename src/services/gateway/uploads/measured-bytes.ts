import { createHash, type Hash, hash } from 'node:crypto';
import { HoldfastError } from '../../../base/errors.ts';
import { formatSize } from '../../../base/units.ts';
import type { Bytes } from './bytes.ts';

/** How many bytes may still be read for nothing. */
export class DrainBudget {
  #left: number;
  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** False once it is used up. */
  spend(bytes: number): boolean {
    this.#left -= bytes;
    return this.#left >= 0;
  }
}

const NOTHING = Buffer.alloc(0);

/** Counts and hashes bytes on their way. */
export class MeasuredBytes implements Bytes {
  readonly #source: Bytes;
  readonly #limit: number;
  /** A file that comes in one chunk is hashed at once, which is cheaper. */
  #first: Buffer = NOTHING;
  #hash: Hash | undefined;
  #digest: string | undefined;
  size = 0;

  /** @param limit The most bytes that a file may have. */
  constructor(source: Bytes, limit: number) {
    this.#source = source;
    this.#limit = limit;
  }

  /** Throws `too_large` for the chunk that goes over the limit; `drain` still reads on. */
  async next(): Promise<Buffer | undefined> {
    const chunk = await this.#pull();
    if (chunk && this.size > this.#limit) throw tooLarge(this.#limit);
    return chunk;
  }

  /** Reads to the end for size and hash alone. False when the budget was used up before the end. */
  async drain(budget: DrainBudget): Promise<boolean> {
    for (let chunk = await this.#pull(); chunk; chunk = await this.#pull()) {
      if (!budget.spend(chunk.length)) return false;
    }
    return true;
  }

  /** Lower-case hex; of what was read so far, so ask at the end. */
  get sha256(): string {
    this.#digest ??= this.#hash ? this.#hash.digest('hex') : hash('sha256', this.#first);
    return this.#digest;
  }

  async #pull(): Promise<Buffer | undefined> {
    const chunk = await this.#source.next();
    if (!chunk) return undefined;
    if (this.size === 0) this.#first = chunk;
    else {
      this.#hash ??= createHash('sha256').update(this.#first);
      this.#first = NOTHING;
      this.#hash.update(chunk);
    }
    this.size += chunk.length;
    return chunk;
  }
}

export const tooLarge = (limit: number) =>
  new HoldfastError('too_large', `The file is larger than ${formatSize(limit)}, the most that is taken.`);
