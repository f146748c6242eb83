import { type ByScheme, bySchemeOf } from '../../base/by-scheme.ts';
import type { OpenStoreEvents, StoreEvents, StoreEventsOptions } from './port.ts';

/** By scheme of the URL. A driver's code is loaded when it is the one chosen. */
const DRIVERS: ByScheme<OpenStoreEvents> = {
  nats: async () => (await import('./nats/index.ts')).openNatsEvents,
  tls: async () => (await import('./nats/index.ts')).openNatsEvents,
  amqp: async () => (await import('./amqp/index.ts')).openAmqpEvents,
  amqps: async () => (await import('./amqp/index.ts')).openAmqpEvents,
};

/** Opens what a URL names. Throws where no driver knows the scheme, or the driver cannot open it. */
export async function openStoreEvents(url: string, options: StoreEventsOptions): Promise<StoreEvents> {
  const open = await bySchemeOf(DRIVERS, url, 'INGEST_URL');
  return open(url, options);
}
