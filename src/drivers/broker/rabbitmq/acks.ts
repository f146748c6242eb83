import type { Channel, ConsumeMessage } from 'amqplib';

/**
 * Settles the messages of one channel. What was handled is told once in a turn of the event loop, and as one where that
 * is safe: up to the first message that is still held. A quorum queue then writes one entry of its log and not many.
 *
 * On a channel that is closed nothing can be settled, nor need it: the server has taken the messages back.
 */
export class Acks {
  readonly #channel: Channel;
  /** In the order in which they came; true: it was handled. */
  readonly #held = new Map<ConsumeMessage, boolean>();
  #telling: NodeJS.Immediate | undefined;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  hold(message: ConsumeMessage): void {
    this.#held.set(message, false);
  }

  done(message: ConsumeMessage): void {
    this.#held.set(message, true);
    this.#telling ??= setImmediate(() => this.tell());
  }

  /** To anybody, at once. */
  handBack(message: ConsumeMessage): void {
    this.#held.delete(message);
    this.#settle(() => this.#channel.nack(message));
  }

  /** Tells at once what is to be told. */
  tell(): void {
    clearImmediate(this.#telling);
    this.#telling = undefined;
    let last: ConsumeMessage | undefined;
    let isFirst = true;
    for (const [message, done] of this.#held) {
      if (done) {
        this.#held.delete(message);
        if (isFirst) last = message;
        else this.#settle(() => this.#channel.ack(message));
      } else if (isFirst) {
        isFirst = false;
        this.#settleUpTo(last);
        last = undefined;
      }
    }
    this.#settleUpTo(last);
  }

  #settleUpTo(message: ConsumeMessage | undefined): void {
    if (message) this.#settle(() => this.#channel.ack(message, true));
  }

  #settle(settle: () => void): void {
    try {
      settle();
    } catch {
      // As said above.
    }
  }
}
