import { type ByScheme, bySchemeOf } from '../../base/by-scheme.ts';
import type { Broker, BrokerOptions, OpenBroker } from './port.ts';

/** By scheme of the URL. A driver's code is loaded when it is the one chosen. */
const DRIVERS: ByScheme<OpenBroker> = {
  local: async () => (await import('./local/index.ts')).openLocal,
  redis: async () => (await import('./redis/index.ts')).openRedis,
  rediss: async () => (await import('./redis/index.ts')).openRedis,
  nats: async () => (await import('./nats/index.ts')).openNats,
  tls: async () => (await import('./nats/index.ts')).openNats,
  amqp: async () => (await import('./rabbitmq/index.ts')).openRabbit,
  amqps: async () => (await import('./rabbitmq/index.ts')).openRabbit,
};

/** Opens the broker that a URL names. Throws where no driver knows the scheme, or the driver cannot open it. */
export async function openBroker(url: string, options: BrokerOptions): Promise<Broker> {
  const open = await bySchemeOf(DRIVERS, url, 'BROKER_URL');
  return open(url, options);
}
