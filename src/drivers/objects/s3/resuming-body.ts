import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { backoff } from '../../../base/backoff.ts';
import { HoldfastError } from '../../../base/errors.ts';

/** How often in a row, without a byte in between, the source may break off. */
const FAILURES = 4;
const PAUSE = { base: 100, max: 2_000 };

interface Options {
  /** Bytes that there are in all. */
  readonly length: number;
  /** Where the first of them come from. */
  readonly source: Readable;
  /** Opens another source for the bytes from `offset` on. */
  readonly reopen: (offset: number) => Promise<Readable>;
  readonly signal: AbortSignal | undefined;
}

/**
 * A body that goes on where its connection broke off: what is under a key never changes. So a store that restarts, or
 * that ends connections on which a slow reader lets nothing pass for a while, is not noticed by who reads.
 */
export class ResumingBody extends Readable {
  readonly #options: Options;
  #source: Readable | undefined;
  #given = 0;
  #failures = 0;
  #isOpening = false;
  #isWanted = false;
  readonly #onAbort = () => {
    this.destroy(this.#options.signal?.reason);
  };

  constructor(options: Options) {
    super();
    this.#options = options;
    const { signal } = options;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#attach(options.source);
    if (signal?.aborted) this.#onAbort();
  }

  override _read(): void {
    this.#isWanted = true;
    if (this.#source) this.#source.resume();
    else if (!this.#isOpening) this.#reopen();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#detach()?.destroy();
    done(error);
  }

  #attach(source: Readable): void {
    this.#source = source;
    source
      .pause()
      .on('data', this.#onData)
      .once('error', this.#onLost)
      .once('end', this.#onEnded)
      .once('close', this.#onLost);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#given += chunk.length;
    this.#failures = 0;
    if (this.#given > this.#options.length) {
      this.destroy(new HoldfastError('unavailable', 'The object store gave more bytes than there are.'));
      return;
    }
    if (this.push(chunk)) return;
    this.#isWanted = false;
    // The last bytes are read on to the end, which gives the connection back.
    if (this.#given < this.#options.length) this.#source?.pause();
  };

  readonly #onEnded = (): void => this.#onLost();

  readonly #onLost = (cause?: Error): void => {
    this.#detach()?.destroy();
    if (this.destroyed || this.#options.signal?.aborted) return;
    if (this.#given === this.#options.length) {
      this.push(null);
      return;
    }
    this.#failures++;
    if (this.#failures >= FAILURES) {
      this.destroy(new HoldfastError('unavailable', 'The object store broke off. Try again later.', { cause }));
    } else if (this.#isWanted) this.#reopen();
  };

  #detach(): Readable | undefined {
    const source = this.#source;
    this.#source = undefined;
    source
      ?.off('data', this.#onData)
      .off('error', this.#onLost)
      .off('end', this.#onEnded)
      .off('close', this.#onLost)
      .on('error', () => {});
    return source;
  }

  async #reopen(): Promise<void> {
    this.#isOpening = true;
    try {
      await wait(this.#failures === 0 ? 0 : backoff(this.#failures, PAUSE));
      if (this.destroyed) return;
      const source = await this.#options.reopen(this.#given);
      this.#isOpening = false;
      this.#attach(source);
      if (this.destroyed) this.#detach()?.destroy();
      else if (this.#isWanted) source.resume();
    } catch (error) {
      this.destroy(error as Error);
    }
  }
}
