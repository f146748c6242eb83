import type { Logger } from '../../../base/logger.ts';
import type { Clients } from './clients.ts';
import type { Encryption } from './url.ts';

/** What the verbs of the S3 store share. */
export interface Bucket {
  readonly name: string;
  /** What all that is ours begins with: empty, or with a slash at its end. */
  readonly root: string;
  readonly clients: Clients;
  /** Fields of the requests that create an object. */
  readonly encryption: EncryptionFields;
  /** Whether the store keeps to `If-None-Match: *` on a PUT, so that of many who write one key one wins. */
  readonly conditional: boolean;
  readonly sizes: Sizes;
  readonly log: Logger;
}

export interface EncryptionFields {
  readonly ServerSideEncryption?: Encryption['mode'];
  readonly SSEKMSKeyId?: string;
}

/** Bytes. */
export interface Sizes {
  /** Of a part of a body of unknown length; the first ones. */
  readonly part: number;
  /** Larger objects are copied in parts. S3 copies at most 5 GiB at once. */
  readonly copyAtOnce: number;
  /** Of a part that is copied. */
  readonly copyPart: number;
}

export const SIZES: Sizes = { part: 5 * 1024 ** 2, copyAtOnce: 5 * 1024 ** 3, copyPart: 512 * 1024 ** 2 };

export const encryptionFields = (encryption: Encryption | undefined): EncryptionFields =>
  encryption
    ? { ServerSideEncryption: encryption.mode, ...(encryption.keyId && { SSEKMSKeyId: encryption.keyId }) }
    : {};

/** What the keys of all objects begin with in the bucket; the installation's name and probes stand beside them. */
export const dataRoot = ({ root }: Pick<Bucket, 'root'>): string => `${root}data/`;

/** Names the object of a key in a request. */
export const at = (bucket: Bucket, key: string): { Bucket: string; Key: string } => ({
  Bucket: bucket.name,
  Key: dataRoot(bucket) + key,
});

/** The same, as the source of a copy. */
export const sourceAt = (bucket: Bucket, key: string): string =>
  [bucket.name, ...(dataRoot(bucket) + key).split('/')].map(encodeURIComponent).join('/');

/** An ETag without its quotes, which some servers leave out in some answers; undefined for an empty one. */
export const bareEtag = (etag: string | undefined): string | undefined =>
  etag?.replace(/^(W\/)?"|"$/g, '') || undefined;

/** An ETag as a condition has it. */
export const quoted = (etag: string): string => `"${etag}"`;
