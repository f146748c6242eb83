import { hasCode } from '../../../base/errors.ts';

/** Milliseconds after which an upload says that it is still alive, also where it needs no more room. */
const SIGN_OF_LIFE = 30_000;

interface HoldOptions {
  /** Bytes of the quota that are held at first. */
  readonly held: number;
  /** The most bytes that can come. */
  readonly bound: number;
  /** Holds at least so many bytes, and answers how many. */
  readonly extend: (size: number) => Promise<number>;
}

/** The part of the quota that an upload of unknown length holds while it grows. */
export class Hold {
  readonly #options: HoldOptions;
  #held: number;
  #last = Date.now();

  constructor(options: HoldOptions) {
    this.#options = options;
    this.#held = options.held;
  }

  /**
   * Makes sure that `size` bytes may be taken. Doubles what is held, so that a long upload asks seldom; near the end
   * of the quota it takes smaller steps, so that what fits is let in. Throws `quota_exceeded` for what does not.
   */
  async cover(size: number): Promise<void> {
    if (size <= this.#held && Date.now() - this.#last < SIGN_OF_LIFE) return;
    const needed = Math.max(size, this.#held);
    let step = size <= this.#held ? 0 : this.#held;
    for (;;) {
      const wanted = Math.max(needed, Math.min(this.#held + step, this.#options.bound));
      try {
        this.#held = await this.#options.extend(wanted);
        this.#last = Date.now();
        return;
      } catch (error) {
        if (!hasCode(error, 'quota_exceeded') || wanted === needed) throw error;
        step = Math.floor(step / 2);
      }
    }
  }
}
