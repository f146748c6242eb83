import {
  AckPolicy,
  type Consumer,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamClient,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { BACKLOG } from '../port.ts';

/** Milliseconds after which a message that its consumer says nothing of goes to another. */
export const HOLD = 15_000;

/** Names that a stream or a consumer may have: a dot parts the words of a subject. */
const plain = (name: string) => name.replaceAll('.', '_');

/**
 * A topic is a stream and a group a durable consumer of it. The stream keeps a message until every group has taken it
 * (interest retention): what comes before a group has a consumer is not kept for it.
 */
export class Topology {
  readonly #prefix: string;
  readonly #manager: JetStreamManager;
  readonly #client: JetStreamClient;
  /** Topics whose streams we have seen, until the server may have forgotten them. */
  #streams = new Map<string, Promise<string>>();

  constructor(prefix: string, client: JetStreamClient, manager: JetStreamManager) {
    this.#prefix = prefix;
    this.#client = client;
    this.#manager = manager;
  }

  subject(topic: string): string {
    return `${this.#prefix}.${topic}`;
  }

  /** Makes the topic's stream where it is not there, and answers its name. */
  stream(topic: string): Promise<string> {
    let stream = this.#streams.get(topic);
    if (!stream) {
      stream = this.#makeStream(topic);
      this.#streams.set(topic, stream);
      stream.catch(() => this.#streams.delete(topic));
    }
    return stream;
  }

  /** Makes the group where it is not there. Doing it again is harmless. */
  async consumer(topic: string, group: string): Promise<Consumer> {
    const stream = await this.stream(topic);
    const name = plain(group);
    await this.#manager.consumers.add(stream, {
      durable_name: name,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.New,
      ack_wait: nanos(HOLD),
      // Those that wait for another try count, too: a thousand of them must not stop the rest.
      max_ack_pending: BACKLOG,
      // How often it is tried is for the consumer to say, which tells of what it gives up.
      max_deliver: -1,
    });
    return this.#client.consumers.get(stream, name);
  }

  /** The server was away, and may have lost everything. */
  forget(): void {
    this.#streams = new Map();
  }

  async #makeStream(topic: string): Promise<string> {
    const name = plain(`${this.#prefix}-${topic}`);
    await this.#manager.streams.add({
      name,
      subjects: [this.subject(topic)],
      retention: RetentionPolicy.Interest,
      storage: StorageType.File,
      discard: DiscardPolicy.Old,
      max_msgs: BACKLOG,
    });
    return name;
  }
}
