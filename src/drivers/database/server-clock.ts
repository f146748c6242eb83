/** For how long a look at the server's clock is good. Milliseconds. */
const GOOD_FOR = 1_000;
/** A look that took longer is good for whoever asked, and for nobody after. Milliseconds. */
const QUICK = 50;

/**
 * A server's clock, without asking the server each time: it is looked at once a second, and goes on from there as our
 * own (monotonic) clock does. It is never ahead of the server's, and behind by what a look took, at most `QUICK`.
 */
export class ServerClock {
  readonly #ask: () => Promise<number>;
  #looked: { readonly time: number; readonly at: number } | undefined;
  #looking: Promise<number> | undefined;
  /** What was answered last, so that a slow look does not turn it back. */
  #last = 0;

  /** `ask`: what the server's clock shows, in milliseconds since 1970, UTC. */
  constructor(ask: () => Promise<number>) {
    this.#ask = ask;
  }

  async now(): Promise<number> {
    if (this.#looked) {
      const since = performance.now() - this.#looked.at;
      if (since < GOOD_FOR) return this.#onward(Math.floor(this.#looked.time + since));
    }
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<number> {
    const began = performance.now();
    const time = await this.#ask();
    const at = performance.now();
    this.#looked = at - began <= QUICK ? { time, at } : undefined;
    return this.#onward(time);
  }

  /** A step back that is larger is one of the server's own. */
  #onward(time: number): number {
    const back = this.#last - time;
    if (back > 0 && back <= QUICK) return this.#last;
    this.#last = time;
    return time;
  }
}
