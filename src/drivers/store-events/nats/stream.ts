import {
  AckPolicy,
  type Consumer,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { BACKLOG } from '../port.ts';
import type { NatsEventsTarget } from './target.ts';

/** Milliseconds. */
const REQUEST_DEADLINE = 3_000;
/** Milliseconds after which a message that its consumer says nothing of goes to another. */
export const HOLD = 15_000;
/** How often a message may come again before the server gives it up: for one that always ends whoever takes it. */
const DELIVERY_LIMIT = 100;

/**
 * Finds the stream that takes the subject, and our durable consumer of it; makes what is not there. A stream keeps what is
 * published to its subject by whoever knows nothing of streams, too. One that we make keeps a message until all who consume
 * it have taken it. Throws where the server has no JetStream.
 */
export async function openConsumer(nats: NatsConnection, target: NatsEventsTarget): Promise<Consumer> {
  const { subject, stream: name, group } = target;
  // An account may be allowed this, and not to be asked what it may do.
  const manager = await jetstreamManager(nats, { timeout: REQUEST_DEADLINE, checkAPI: false });
  let stream = await manager.streams.find(subject).catch(unlessMissing(JetStreamApiCodes.StreamNotFound));
  if (stream === undefined) {
    await manager.streams.add({
      name,
      subjects: [subject],
      retention: RetentionPolicy.Interest,
      storage: StorageType.File,
      discard: DiscardPolicy.Old,
      max_msgs: BACKLOG,
      num_replicas: target.server.replicas,
    });
    stream = name;
  }
  const { consumers } = manager;
  const found = await consumers.info(stream, group).catch(unlessMissing(JetStreamApiCodes.ConsumerNotFound));
  if (!found) {
    await consumers.add(stream, {
      durable_name: group,
      filter_subject: subject,
      ack_policy: AckPolicy.Explicit,
      // In a stream of others there may be what happened before we came: it was not for us, or the janitor found it.
      deliver_policy: DeliverPolicy.New,
      ack_wait: nanos(HOLD),
      max_ack_pending: BACKLOG,
      max_deliver: DELIVERY_LIMIT,
    });
  }
  return jetstream(nats, { timeout: REQUEST_DEADLINE }).consumers.get(stream, group);
}

/** Undefined for what is not there; all else is thrown on. */
const unlessMissing =
  (code: number) =>
  (error: unknown): undefined => {
    if (!(error instanceof JetStreamApiError && error.code === code)) throw error;
  };
