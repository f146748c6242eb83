import type { IncomingMessage } from 'node:http';
import { HoldfastError } from '../../../base/errors.ts';
import type { Bytes } from './bytes.ts';

/** Bytes that may lie in memory before the sender is told to wait. */
const READ_AHEAD = 256 * 1024;
/** Milliseconds that a sender may be silent while we wait for it. */
const SILENCE = 60_000;

/**
 * The body of a request as bytes that are pulled. No more than `READ_AHEAD` and what the socket gives at once lies in
 * memory. `next` throws `incomplete_body` when the connection closes before the end, and `request_timeout` when the
 * sender falls silent.
 */
export class RequestBody implements Bytes {
  readonly #request: IncomingMessage;
  readonly #silence: number;
  #queue: Buffer[] = [];
  #queued = 0;
  #ended = false;
  #failure: HoldfastError | undefined;
  #waiting: { resolve(chunk: Buffer | undefined): void; reject(error: Error): void } | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Bytes that have come so far. */
  received = 0;

  constructor(request: IncomingMessage, silence = SILENCE) {
    this.#request = request;
    this.#silence = silence;
    request.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onClose).on('close', this.#onClose);
    // A body that broke off while the request waited for its turn has told so already.
    if (request.destroyed && !request.readableEnded) this.#onClose();
  }

  /** Bytes that the sender said would come in all; undefined where it did not say. */
  get declaredSize(): number | undefined {
    const header = this.#request.headers['content-length'];
    if (header !== undefined) return Number(header);
    return this.#request.headers['transfer-encoding'] === undefined ? 0 : undefined;
  }

  next(): Promise<Buffer | undefined> {
    const chunk = this.#queue.shift();
    if (chunk !== undefined) {
      this.#queued -= chunk.length;
      if (this.#queued < READ_AHEAD && this.#request.isPaused()) this.#request.resume();
      return Promise.resolve(chunk);
    }
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#ended) return Promise.resolve(undefined);
    if (this.#waiting) return Promise.reject(new Error('somebody else is reading this body'));
    this.#startTimer();
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  /** Lets go of the request; what was not read of it is for somebody else to take or to throw away. */
  release(): void {
    clearTimeout(this.#timer);
    this.#request.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose);
    this.#queue = [];
  }

  readonly #onData = (chunk: Buffer): void => {
    this.received += chunk.length;
    const waiting = this.#waiting;
    if (waiting) {
      this.#waiting = undefined;
      waiting.resolve(chunk);
      return;
    }
    this.#queue.push(chunk);
    this.#queued += chunk.length;
    if (this.#queued >= READ_AHEAD) this.#request.pause();
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#waiting?.resolve(undefined);
    this.#waiting = undefined;
  };

  readonly #onClose = (): void => {
    if (this.#ended) return;
    this.#fail(new HoldfastError('incomplete_body', 'The connection closed before the whole body had come.'));
  };

  #fail(failure: HoldfastError): void {
    clearTimeout(this.#timer);
    this.#failure ??= failure;
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
  }

  /** The silence that counts is the one that we wait in: a slow disk is not the sender's fault. */
  #startTimer(): void {
    if (this.#timer) this.#timer.refresh();
    else {
      this.#timer = setTimeout(() => {
        if (!this.#waiting) return;
        this.#fail(
          new HoldfastError('request_timeout', `No byte came for ${this.#silence / 1000} s. Send the request again.`),
        );
      }, this.#silence);
    }
  }
}
