import type { Broker, BrokerOptions, OpenBroker } from './port.ts';

/** By scheme of the URL. A driver's code is loaded when it is the one chosen. */
const DRIVERS: Readonly<Record<string, () => Promise<OpenBroker>>> = {
  local: async () => (await import('./local/index.ts')).openLocal,
};

/** Opens the broker that a URL names. Throws where no driver knows the scheme, or the driver cannot open it. */
export async function openBroker(url: string, options: BrokerOptions): Promise<Broker> {
  const scheme = /^([a-z][a-z0-9+.-]*):/.exec(url)?.[1] ?? '';
  const load = Object.hasOwn(DRIVERS, scheme) ? DRIVERS[scheme] : undefined;
  if (!load) {
    const known = Object.keys(DRIVERS).map((name) => `${name}:`);
    throw new Error(`BROKER_URL: there is no broker driver for "${scheme}:"; known are ${known.join(', ')}.`);
  }
  const open = await load();
  return open(url, options);
}
