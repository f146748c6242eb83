import type { Logger } from '../../base/logger.ts';

/** What a driver is given beside the URL that chose it. */
export interface ObjectStoreOptions {
  /** Where a store on the local disk stands, unless its URL says otherwise. */
  readonly dataDir: string;
  /** Signs requests to a store that has no server of its own; at least 32 bytes, and for nothing else. */
  readonly signingKey: Uint8Array;
  /** PUBLIC_URL, asked for at each signing: the port may be chosen only at listening. */
  readonly publicUrl: () => string;
  /** For a store that asks who we are, unless its URL says it. Without them, the store's usual ways to find them. */
  readonly credentials?: ObjectStoreCredentials;
  readonly log: Logger;
}

export interface ObjectStoreCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of credentials that last for a while only. */
  readonly sessionToken?: string;
}
