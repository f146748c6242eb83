import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { BACKLOG } from '../port.ts';
import { UnfitServerError } from './errors.ts';
import type { NatsTarget } from './target.ts';

/** Milliseconds after which a message that its consumer says nothing of goes to another. */
export const HOLD = 15_000;

/**
 * The one stream of an installation: its topics are subjects of it, a group is a durable consumer of one of these. It
 * keeps the newest messages of each subject, whoever took them (limits retention). One that keeps just what some group
 * has yet to take (interest retention) would forget it: NATS 2.9, when it starts again, removes what one group has
 * taken before it knows of the next.
 */
export class Stream {
  readonly name: string;
  readonly #manager: JetStreamManager;
  readonly #replicas: number;
  /** Undefined: the server may have forgotten it. */
  #there: Promise<void> | undefined;

  constructor({ prefix, replicas }: NatsTarget, manager: JetStreamManager) {
    this.name = prefix;
    this.#replicas = replicas;
    this.#manager = manager;
  }

  subject(topic: string): string {
    return `${this.name}.${topic}`;
  }

  /** Makes the stream where it is not there. */
  ensure(): Promise<void> {
    const there = this.#there ?? this.#make();
    this.#there = there;
    there.catch(() => {
      if (this.#there === there) this.#there = undefined;
    });
    return there;
  }

  /** The server was away, or says what makes one think that it has lost the stream. */
  forget(): void {
    this.#there = undefined;
  }

  /** Makes the group where it is not there, and answers the subject on which it is asked for messages. */
  async group(topic: string, group: string): Promise<string> {
    await this.ensure();
    // A dot would part the words of a subject.
    const name = [topic, group].map((words) => words.replaceAll('.', '_')).join('-');
    const { consumers } = this.#manager;
    const found = await consumers.info(this.name, name).catch(unlessMissing(JetStreamApiCodes.ConsumerNotFound));
    if (!found) {
      await consumers.add(this.name, {
        durable_name: name,
        filter_subject: this.subject(topic),
        ack_policy: AckPolicy.Explicit,
        deliver_policy: DeliverPolicy.New,
        ack_wait: nanos(HOLD),
        // Those that wait for another try count, too: a thousand of them must not stop the rest.
        max_ack_pending: BACKLOG,
        // Each handler of each instance may wait for one.
        max_waiting: 4_096,
        // How often it is tried is for the consumer to say, which tells of what it gives up.
        max_deliver: -1,
      });
    }
    return `$JS.API.CONSUMER.MSG.NEXT.${this.name}.${name}`;
  }

  /** One that is there stays as it is: an operator may have changed its limits. */
  async #make(): Promise<void> {
    const { streams } = this.#manager;
    const found = await streams.info(this.name).catch(unlessMissing(JetStreamApiCodes.StreamNotFound));
    if (found) this.#assertOurs(found.config);
    else {
      await streams.add({
        name: this.name,
        subjects: [this.subject('>')],
        retention: RetentionPolicy.Limits,
        storage: StorageType.File,
        discard: DiscardPolicy.Old,
        max_msgs_per_subject: BACKLOG,
        num_replicas: this.#replicas,
      });
    }
  }

  #assertOurs({ subjects, retention, discard }: StreamConfig): void {
    const ours = subjects?.includes(this.subject('>')) && discard === DiscardPolicy.Old;
    // A work queue has room for one group alone. Interest is what earlier versions asked for.
    if (ours && retention !== RetentionPolicy.Workqueue) return;
    throw new UnfitServerError(`has a stream "${this.name}" that is not ours; delete it, or set another ?prefix=`);
  }
}

/** Undefined for what is not there; all else is thrown on. */
const unlessMissing =
  (code: number) =>
  (error: unknown): undefined => {
    if (!(error instanceof JetStreamApiError && error.code === code)) throw error;
  };
