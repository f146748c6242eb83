import type { Readable, Writable } from 'node:stream';

export interface ObjectInfo {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly modifiedAt: Date;
}

export interface PutOptions {
  /** Bytes, where known. A body of another length is refused with `size_mismatch` and leaves nothing behind. */
  readonly size?: number;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

/** First and last byte, both included; 0 ≤ first ≤ last < size. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

export interface ObjectBody {
  /** Must be consumed or destroyed. */
  readonly stream: Readable;
  /** Bytes that the stream will give. */
  readonly length: number;
  /** All that the stream would give, where the store has it at hand: whoever takes this leaves the stream alone. */
  readonly bytes?: Uint8Array;
  /**
   * Writes all that the stream would give, and leaves the destination open: quicker than the stream, where the store
   * has such a way. For a socket or an HTTP response alone: the memory is used again once the callback of a write was
   * called. Rejects where reading fails, or the destination closes first. Whoever calls this leaves the stream alone.
   */
  readonly writeTo?: (destination: Writable) => Promise<void>;
}

export interface SignedRequest {
  readonly method: 'PUT' | 'GET';
  readonly url: string;
  /** To be sent exactly so. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface PartInfo {
  /** From 1. */
  readonly number: number;
  readonly size: number;
  readonly etag: string;
}

/**
 * An object store. Keys are 1 to 200 bytes of `a-z 0-9 - _ . /`, with no segment that is empty, `.` or `..`; any
 * other is refused with `invalid_request`.
 *
 * Guarantees. An object is seen whole or not at all. When a promise that writes resolves, what it wrote survives a
 * power cut. A key that holds an object is never overwritten by `put`, `move` or `completeMultipart`: they throw
 * `conflict`. A failed or aborted write leaves no object and, as far as the process lives, no residue; its
 * body is destroyed. Errors are `HoldfastError`: `not_found` for a key that holds nothing, `incomplete_body` for a body
 * that is cut off, `storage_full`, `unavailable`. What a body fails with by itself and the reason of an abort are
 * thrown as they are.
 */
export interface ObjectStore {
  /** Writes an object from a stream, in constant memory, or from bytes at hand. */
  put(key: string, body: Readable | Uint8Array, options?: PutOptions): Promise<ObjectInfo>;
  /** Opens an object, or a range of it, for reading. */
  get(key: string, options?: { readonly range?: ByteRange; readonly signal?: AbortSignal }): Promise<ObjectBody>;
  /** Undefined where the key holds nothing. */
  head(key: string): Promise<ObjectInfo | undefined>;
  /** Gives the object another key; its bytes stay in the store, unless it cannot copy. Done already (source gone, target there) is done. */
  move(from: string, to: string): Promise<void>;
  /** Deletes; keys that hold nothing count as deleted. Durable when it resolves. */
  delete(keys: readonly string[]): Promise<void>;
  /** Objects whose keys begin with `prefix` and come after `after`, in the order of their keys by bytes; at most 1,000. */
  list(prefix: string, options: { readonly after?: string; readonly limit: number }): Promise<ObjectInfo[]>;

  /** A request with which somebody without credentials puts exactly `size` bytes under the key. */
  signPut(
    key: string,
    options: { readonly size: number; readonly contentType: string; readonly expiresAt: Date },
  ): Promise<SignedRequest>;
  /** A URL with which somebody without credentials reads the object, answered with these headers. */
  signGet(
    key: string,
    options: { readonly contentType: string; readonly contentDisposition: string; readonly expiresAt: Date },
  ): Promise<string>;

  createMultipart(key: string, contentType: string): Promise<string>;
  signPart(
    key: string,
    options: { readonly multipartId: string; readonly number: number; readonly size: number; readonly expiresAt: Date },
  ): Promise<SignedRequest>;
  /** All parts that the store has, by number. Empty for a multipart upload that it does not know (any more). */
  listParts(key: string, multipartId: string): Promise<PartInfo[]>;
  /**
   * Makes the parts, by ascending number, the object. Done already is done. Throws `upload_not_complete` where a part
   * is not there with this size and ETag, `not_found` where neither the upload nor the object is.
   */
  completeMultipart(key: string, multipartId: string, parts: readonly PartInfo[]): Promise<void>;
  abortMultipart(key: string, multipartId: string): Promise<void>;
  /** Multipart uploads begun before a time and neither completed nor aborted; at most 1,000, the oldest first. */
  listMultipart(before: Date): Promise<{ readonly key: string; readonly multipartId: string }[]>;

  /** Which installation this store belongs to; undefined for one that belongs to none yet. */
  installation(): Promise<string | undefined>;
  /** Says that the store, which belongs to none, belongs to this one. */
  claim(installation: string): Promise<void>;

  /** Writes, reads and deletes a probe; throws where that does not work. */
  probe(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;

  /** The far end of signed requests, for a store that has no server of its own: the gateway serves it. */
  readonly endpoint?: SignedEndpoint;
  /** For a store that keeps rules of its own, which browsers and the clearing up need. */
  readonly setup?: StoreSetup;
}

/** Brings a store's own rules about. Rules that are not ours stay as they are. */
export interface StoreSetup {
  /** What is not as it should be. Changes nothing. */
  inspect(wanted: StoreRules): Promise<readonly RuleFinding[]>;
  /**
   * Mends what can be mended, and answers what was found, as `inspect` would have, with `mended` said of each. Doing it
   * again finds nothing of that any more.
   */
  apply(wanted: StoreRules): Promise<readonly RuleFinding[]>;
}

export interface StoreRules {
  /** Web origins that put and get by signed URLs, or `*` alone. */
  readonly origins: readonly string[];
  /** Days after which the store itself may abort a multipart upload, should nobody else have done so. */
  readonly abortMultipartAfter: number;
  /** What the store is to tell of uploads, as it calls it: the ARN of a topic or a queue, or `eventbridge`. */
  readonly notify?: string | undefined;
}

export interface RuleFinding {
  /** Which of the store's rules it is about. */
  readonly rules: 'CORS' | 'lifecycle' | 'notification';
  /** What is wrong, or missing: a sentence for the operator. */
  readonly problem: string;
  /** What `apply` does about it, as in "write the rule …"; undefined where only the operator can do something. */
  readonly change?: string;
  /** What the operator can do where `change` is not possible. */
  readonly remedy?: string;
  readonly mended?: boolean;
}

/** What a signed URL of ours allows. */
export type SignedGrant =
  | { readonly action: 'put'; readonly key: string; readonly size: number; readonly contentType: string }
  | {
      readonly action: 'put-part';
      readonly key: string;
      readonly multipartId: string;
      readonly number: number;
      readonly size: number;
    }
  | { readonly action: 'get'; readonly key: string; readonly contentType: string; readonly contentDisposition: string };

export interface SignedEndpoint {
  /** The path, from the root of PUBLIC_URL, under which signed URLs point to us: the token follows it. */
  readonly path: string;
  /** What the token allows; throws `signature_invalid` or `signature_expired`. */
  verify(token: string): SignedGrant;
  /**
   * Writes a part, durably; one of the same number is replaced. Answers its ETag. Throws `upload_closed` once the
   * upload was completed or aborted.
   */
  putPart(grant: Extract<SignedGrant, { action: 'put-part' }>, body: Readable, signal: AbortSignal): Promise<PartInfo>;
}
