import type { Broker } from '../port.ts';
import { type Collector, collector, publishUntilSeen } from './messages.ts';

interface Both {
  readonly taken: Collector;
  readonly heard: Collector;
}

/** A consumer and a listener that have each got a message. */
export async function consumerAndListener(broker: Broker, group = 'g'): Promise<Both> {
  const taken = collector();
  const heard = collector();
  await broker.consume('t', { group, concurrency: 2 }, async (message) => taken.add(message));
  await broker.listen('t', (message) => heard.add(message));
  await broker.publish('t', { n: 0 });
  await Promise.all([taken.until(1), heard.until(1)]);
  return { taken, heard };
}

/** Publishes until both have got something of it. */
export async function expectGoesOn(broker: Broker, { taken, heard }: Both): Promise<void> {
  await publishUntilSeen(broker, 't', heard, 1_000);
  await publishUntilSeen(broker, 't', taken, 2_000);
}
