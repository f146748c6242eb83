import { createSecureContext } from 'node:tls';
import { type Channel, ChannelCredentials } from '@grpc/grpc-js';
// Its channels bound how long making a connection may take, which those of gRPC do not (grpc/grpc-node#2785).
import { createChannel } from 'nice-grpc';
import type { Address } from '../../base/address.ts';
import { MESSAGE_LIMIT } from '../limits.ts';
import { type Credentials, secureOptions } from '../tls/credentials.ts';
import { idOf, namesOf } from '../tls/identity.ts';
import { targetOf } from './resolver.ts';

/** Milliseconds. A connection whose other end does not answer for the second is dropped. */
const KEEPALIVE = { every: 5_000, within: 3_000 };
/** Milliseconds for making one connection. */
const CONNECT = 3_000;

const OPTIONS = {
  'grpc.enable_channelz': 0,
  'grpc.enable_http_proxy': 0,
  // Connections of one channel are its own, so that closing it closes them.
  'grpc.use_local_subchannel_pool': 1,
  // All instances in turn; one that cannot be reached is left out, and tried again meanwhile.
  'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  'grpc.service_config_disable_resolution': 1,
  'grpc.dns_min_time_between_resolutions_ms': 5_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 3_000,
  'grpc.min_reconnect_backoff_ms': CONNECT,
  'grpc.keepalive_time_ms': KEEPALIVE.every,
  'grpc.keepalive_timeout_ms': KEEPALIVE.within,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.max_receive_message_length': MESSAGE_LIMIT,
  // What is sent is measured before, with a clearer error.
  'grpc.max_send_message_length': -1,
};

/** Connections to all instances of a service, made when the first call needs them. */
export function openChannel(service: string, addresses: readonly Address[], credentials: Credentials): Channel {
  const secure = ChannelCredentials.createFromSecureContext(createSecureContext(secureOptions(credentials)), {
    // Instances come and go under any host: what is checked is that the certificate is for the service that is wanted.
    checkServerIdentity: (_host, { subjectaltname }) =>
      namesOf(subjectaltname).includes(service)
        ? undefined
        : new Error(`the certificate is not for ${idOf(service)} but for ${subjectaltname ?? 'nobody'}`),
  });
  return createChannel(targetOf(service, addresses), secure, OPTIONS);
}
