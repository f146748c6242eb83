import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { NatsEventsTarget } from './target.ts';

/** Milliseconds. */
const CONNECT_DEADLINE = 5_000;
/** A connection on which two of these are not answered is taken for dead. */
const PING_EVERY = 5_000;

/** One connection, which is not made anew by itself: what stands on it has to be, too. */
export const connectTo = ({ server }: NatsEventsTarget): Promise<NatsConnection> =>
  connect({
    servers: [...server.servers],
    ...server.access,
    name: 'holdfast ingest',
    timeout: CONNECT_DEADLINE,
    reconnect: false,
    pingInterval: PING_EVERY,
    maxPingOut: 2,
    noAsyncTraces: true,
  });
