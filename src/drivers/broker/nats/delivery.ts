import { type Msg, nanos } from '@nats-io/transport-node';

/** Words of the subject to which a delivery is answered: without, and with, the domain and account of the server. */
const SHORT_REPLY = 9;

/** A message as JetStream brings it to a consumer, who settles it (ADR-15 of NATS) or says that it is at work. */
export class Delivery {
  readonly data: Uint8Array;
  /** How often it was brought to anybody, this time included. */
  readonly attempt: number;
  readonly #message: Msg;

  constructor(message: Msg) {
    this.#message = message;
    this.data = message.data;
    const words = (message.reply ?? '').split('.');
    this.attempt = Number(words[words.length === SHORT_REPLY ? 4 : 6]);
  }

  done(): void {
    this.#message.respond('+ACK');
  }

  /** Never again. */
  giveUp(): void {
    this.#message.respond('+TERM');
  }

  /** To anybody, at once, or after so many milliseconds. */
  handBack(pause = 0): void {
    this.#message.respond(pause > 0 ? `-NAK ${JSON.stringify({ delay: nanos(pause) })}` : '-NAK');
  }

  /** The time after which it is brought to another begins anew. */
  working(): void {
    this.#message.respond('+WPI');
  }
}
