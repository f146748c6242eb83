/** Where an instance of a service listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export const DEFAULT_PORT = 9001;

const ADDRESS = /^(?:(?:grpcs?|https):\/\/)?(?:\[([\da-f:.%]+)\]|([\w.-]+))(?::(\d{1,5}))?\/?$/i;

/** `host1:9001,host2:9001`: every instance, or names that DNS knows several addresses of. Undefined for anything else. */
export function parseAddresses(text: string): Address[] | undefined {
  const addresses: Address[] = [];
  for (const item of text.split(',')) {
    const match = ADDRESS.exec(item.trim());
    const host = match?.[1] ?? match?.[2];
    const port = Number(match?.[3] ?? DEFAULT_PORT);
    if (host === undefined || port < 1 || port > 65_535) return undefined;
    addresses.push({ host, port });
  }
  return addresses;
}

export const formatAddress = ({ host, port }: Address): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;
