import { isIP } from 'node:net';
import type { Client } from '../../contract/holdfast/v1/auth.ts';

const LONGEST_AGENT = 256;

/** Where a call comes from, as rows hold it: what is no address is none, and a user agent is plain and short. */
export function clientRow(client: Client | undefined): { readonly address: string; readonly user_agent: string } {
  const address = client?.address ?? '';
  return {
    address: isIP(address) === 0 || address.length > 64 ? '' : address,
    // A header that could forge a line of a list or a log cannot come this far, but other callers than ours may.
    user_agent: (client?.userAgent ?? '').replace(/[^\x20-\x7e]/g, '?').slice(0, LONGEST_AGENT),
  };
}

/**
 * The part of an address that one party has for itself: of IPv6 the network (a home has 2^64 addresses), otherwise all
 * of it. IPv4 in the clothes of IPv6 is IPv4.
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.toLowerCase().split('%')[0]?.split('::') ?? [];
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : new Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0');
  const groups = [...before, ...zeros, ...after].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
