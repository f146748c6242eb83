import type { CallContext } from '../../../base/context.ts';
import { HoldfastError } from '../../../base/errors.ts';
import { SNIFF_BYTES, sniff } from '../../../base/sniff.ts';
import type { GatewayDeps } from '../deps.ts';
import type { Head } from './bytes.ts';
import { discardFile } from './give-up.ts';
import { Hold } from './hold.ts';
import type { MeasuredBytes } from './measured-bytes.ts';
import type { FileSettings } from './settings.ts';
import { streamed } from './streamed.ts';

/** A file on its way in. */
export interface IncomingFile {
  /** Which of the request's files it is, from 0. */
  readonly part: number;
  readonly name: string;
  /** As the client declared it. */
  readonly contentType: string;
  readonly settings: FileSettings;
  /** Lower-case hex, where the client declared it. */
  readonly sha256: string | undefined;
  /** Undefined where it is not known before the end. */
  readonly size: number | undefined;
  /** The most bytes that can come. */
  readonly bound: number;
  readonly bytes: MeasuredBytes;
}

/** Bytes that stand in the object store and wait for being confirmed. */
export interface StoredFile {
  readonly fileId: string;
  /** Empty for a file that an earlier request with the same Idempotency-Key has confirmed. */
  readonly key: string;
  readonly size: number;
  readonly sha256: string;
}

/** On whose behalf, and how far it may be gone on with if it breaks off. */
export interface UploadScope {
  readonly call: CallContext;
  readonly ownerId: string;
  readonly idempotencyId: string | undefined;
}

type Deps = Pick<GatewayDeps, 'uploads' | 'objects'>;

/**
 * Begins an upload and brings its bytes into the object store, counted and hashed on the way. The row stands before
 * the first byte. What was begun and did not come to its end is given up again.
 */
export async function storeFile(deps: Deps, scope: UploadScope, file: IncomingFile, head: Head): Promise<StoredFile> {
  const { call, ownerId, idempotencyId } = scope;
  const { part, name, settings, sha256, bytes } = file;
  const size = head.whole ? bytes.size : file.size;
  if (head.whole) checkHash(file);
  const contentType = await sniff(head.bytes.subarray(0, SNIFF_BYTES), file.contentType);
  const declared = { ...settings, name, contentType, size: size ?? 0, sha256 };
  const begun = await deps.uploads.beginUpload(
    { ownerId, file: declared, sizeUnknown: size === undefined, idempotencyId, part },
    call,
  );
  if (begun.existing) return sameAs(begun.existing, file);

  const { fileId, key } = begun;
  try {
    const extend = async (wanted: number) =>
      (await deps.uploads.extendUpload({ ownerId, fileId, size: wanted }, call)).held;
    const hold = new Hold({ held: begun.held, bound: file.bound, extend });
    await putBytes(deps, { key, contentType, size }, file, head, hold);
    checkHash(file);
  } catch (error) {
    await discardFile(deps, scope, { fileId, key });
    throw error;
  }
  return { fileId, key, size: bytes.size, sha256: bytes.sha256 };
}

async function putBytes(
  { objects }: Pick<Deps, 'objects'>,
  { key, contentType, size }: { readonly key: string; readonly contentType: string; readonly size: number | undefined },
  { bytes }: IncomingFile,
  head: Head,
  hold: Hold,
): Promise<void> {
  if (head.whole) {
    await objects.put(key, head.bytes, { size: bytes.size, contentType });
    return;
  }
  await hold.cover(bytes.size);
  const source = {
    async next() {
      const chunk = await bytes.next();
      if (chunk) await hold.cover(bytes.size);
      return chunk;
    },
  };
  const options = { contentType, ...(size !== undefined && { size }) };
  await streamed(source, (stream) => objects.put(key, stream, options), head.bytes);
}

/** The part is here already, from a request that did not live to answer, if it is the same. */
async function sameAs(
  existing: { readonly id: string; readonly sha256?: string | undefined },
  { bytes }: IncomingFile,
): Promise<StoredFile> {
  while (await bytes.next());
  if (bytes.sha256 !== existing.sha256) throw keyOfAnother();
  return { fileId: existing.id, key: '', size: bytes.size, sha256: bytes.sha256 };
}

export const keyOfAnother = () =>
  new HoldfastError(
    'idempotency_mismatch',
    'This Idempotency-Key was used for another request. Send a new request with a new key.',
  );

function checkHash({ sha256, bytes }: IncomingFile): void {
  if (sha256 !== undefined && sha256 !== bytes.sha256) {
    throw new HoldfastError('checksum_mismatch', `The bytes have SHA-256 ${bytes.sha256}, not the one declared.`);
  }
}
