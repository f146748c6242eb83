import { createInbox, type Msg, type NatsConnection, nanos, type Subscription } from '@nats-io/transport-node';
import { withDeadline } from '../../../base/deadline.ts';
import { Delivery } from './delivery.ts';

/** Milliseconds that a request for a message stands at the server, and that its answer may take beyond that. */
const ASK_FOR = 10_000;
const GRACE = 3_000;
const DRAIN_DEADLINE = 2_000;
/** Status of an answer that brings no message: there was none in time. */
const NONE_IN_TIME = [404, 408];

type Answer = Msg | Error | undefined;

/**
 * Asks for one message at a time, so that nothing is held here that nobody works on. Its inbox lives as long as it, and
 * what comes there unasked is handed back at once.
 */
export class Lane {
  readonly #nats: NatsConnection;
  #subscription: Subscription;
  #answer: ((answer: Answer) => void) | undefined;

  constructor(nats: NatsConnection) {
    this.#nats = nats;
    this.#subscription = this.#subscribe();
  }

  /** The next message; undefined where none came for a while, or `stop` was called. Throws where nobody can be asked. */
  async ask(group: string): Promise<Delivery | undefined> {
    // The server ends an inbox that it does not allow.
    if (this.#subscription.isClosed()) this.#subscription = this.#subscribe();
    let timer: NodeJS.Timeout | undefined;
    const answered = new Promise<Answer>((resolve) => {
      this.#answer = resolve;
      timer = setTimeout(() => {
        this.renew(new Error('The server does not answer.'));
      }, ASK_FOR + GRACE);
    });
    try {
      this.#nats.publish(group, JSON.stringify({ batch: 1, expires: nanos(ASK_FOR) }), {
        reply: this.#subscription.getSubject(),
      });
      return deliveryOf(await answered);
    } finally {
      clearTimeout(timer);
      this.#answer = undefined;
    }
  }

  /** Whatever was asked on it, the server does not know it any more, or must not answer it. */
  renew(reason: Error): void {
    this.#subscription.unsubscribe();
    this.#subscription = this.#subscribe();
    this.#answer?.(reason);
  }

  /** Asks no more. Resolves when what was on its way has been handed back. */
  async stop(): Promise<void> {
    const answer = this.#answer;
    this.#answer = undefined;
    answer?.(undefined);
    if (this.#subscription.isClosed()) return;
    await withDeadline(DRAIN_DEADLINE, this.#subscription.drain()).catch(() => this.#subscription.unsubscribe());
  }

  #subscribe(): Subscription {
    return this.#nats.subscribe(createInbox(), {
      callback: (error, message) => {
        const answer = this.#answer;
        this.#answer = undefined;
        if (answer) answer(error ?? message);
        else if (!error && statusOf(message) === 0) new Delivery(message).handBack();
      },
    });
  }
}

function deliveryOf(answer: Answer): Delivery | undefined {
  if (answer instanceof Error) throw answer;
  if (answer === undefined) return undefined;
  const status = statusOf(answer);
  if (status === 0) return new Delivery(answer);
  if (NONE_IN_TIME.includes(status)) return undefined;
  throw new Error(`The server answers ${status} ${answer.headers?.description ?? ''}`);
}

/** 0 for a message. */
const statusOf = (message: Msg): number => (message.data.length === 0 ? (message.headers?.code ?? 0) : 0);
