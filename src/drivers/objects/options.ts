import type { Logger } from '../../base/logger.ts';

/** What a driver is given beside the URL that chose it. */
export interface ObjectStoreOptions {
  /** Where a store on the local disk stands, unless its URL says otherwise. */
  readonly dataDir: string;
  /** Signs requests to a store that has no server of its own; at least 32 bytes, and for nothing else. */
  readonly signingKey: Uint8Array;
  /** PUBLIC_URL, asked for at each signing: the port may be chosen only at listening. */
  readonly publicUrl: () => string;
  readonly log: Logger;
}
