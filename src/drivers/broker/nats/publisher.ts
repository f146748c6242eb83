import { JetStreamApiError, type PubAck } from '@nats-io/jetstream';
import type { Msg } from '@nats-io/transport-node';
import { unavailable } from '../errors.ts';
import type { Connection } from './connection.ts';
import { isNobodyThere } from './errors.ts';

/** Milliseconds until the server must have the message. */
const DEADLINE = 3_000;
/** Messages that may wait for the server; the next are refused at once. */
const MAX_IN_FLIGHT = 2_000;

/** Publishes, and waits until the stream has what was published. */
export class Publisher {
  readonly #connection: Connection;
  #inFlight = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Throws what went wrong, `unavailable` or not. */
  async publish(topic: string, body: string): Promise<void> {
    if (this.#inFlight >= MAX_IN_FLIGHT) throw unavailable(new Error('Too many messages wait for the server.'));
    const { stream } = this.#connection;
    this.#inFlight += 1;
    try {
      await stream.ensure();
      await this.#send(topic, body).catch((error) => {
        // Somebody may have removed the stream while we were connected. Listeners answer nothing, so that silence may
        // mean the same; there is no time left to try again then, but the next message finds it.
        stream.forget();
        if (!isNobodyThere(error)) throw error;
        return stream.ensure().then(() => this.#send(topic, body));
      });
    } finally {
      this.#inFlight -= 1;
    }
  }

  async #send(topic: string, body: string): Promise<void> {
    const { nats, stream } = this.#connection;
    const answer = answerOf(await nats.request(stream.subject(topic), body, { timeout: DEADLINE }));
    if (answer.error) throw new JetStreamApiError(answer.error);
    if (answer.stream !== stream.name) throw new Error('Somebody else has answered.');
  }
}

type Answer = Partial<PubAck> & { readonly error?: ConstructorParameters<typeof JetStreamApiError>[0] };

function answerOf(message: Msg): Answer {
  try {
    return message.json<Answer | null>() ?? {};
  } catch {
    return {};
  }
}
