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
