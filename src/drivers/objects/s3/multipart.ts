import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
} from '@aws-sdk/client-s3';
import { HoldfastError } from '../../../base/errors.ts';
import { checkKey, isKey } from '../keys.ts';
import { MAX_LISTED } from '../limits.ts';
import type { PartInfo } from '../port.ts';
import { at, type Bucket, bareEtag, dataRoot } from './bucket.ts';
import { answered, isGone, toStoreError } from './errors.ts';
import { decodeKey } from './list.ts';
import { markOf } from './stored.ts';

/** Throws `invalid_request` for what no store gives for an id. */
export function checkUpload(key: string, multipartId: string): void {
  checkKey(key);
  if (!/^[\x21-\x7e]{1,1024}$/.test(multipartId)) {
    throw new HoldfastError('invalid_request', 'This is not the id of a multipart upload.');
  }
}

interface UploadOptions {
  readonly contentType?: string | undefined;
  /** The write whose object it will be, where it is one of ours. */
  readonly write?: string;
  readonly signal?: AbortSignal;
}

/** Answers the id of a new multipart upload. */
export async function beginUpload(
  bucket: Bucket,
  key: string,
  { contentType, write, signal }: UploadOptions,
): Promise<string> {
  checkKey(key);
  const command = new CreateMultipartUploadCommand({
    ...at(bucket, key),
    ...bucket.encryption,
    ...(write !== undefined && markOf(write)),
    ...(contentType !== undefined && { ContentType: contentType }),
  });
  const { UploadId } = await answered(bucket.clients.quick.send(command, signal ? { abortSignal: signal } : {}));
  if (!UploadId) throw new HoldfastError('unavailable', 'The object store began an upload and did not name it.');
  return UploadId;
}

/** A part as the store lists it. */
export interface ListedPart extends PartInfo {
  /** With quotes or without, as the store wants it back. */
  readonly rawEtag: string | undefined;
}

/** Undefined for a multipart upload that the store does not know (any more). */
export async function findParts(bucket: Bucket, key: string, multipartId: string): Promise<ListedPart[] | undefined> {
  checkUpload(key, multipartId);
  const parts: ListedPart[] = [];
  let after: string | undefined;
  do {
    const command = new ListPartsCommand({
      ...at(bucket, key),
      UploadId: multipartId,
      ...(after !== undefined && { PartNumberMarker: after }),
    });
    const page = await bucket.clients.quick.send(command).catch((error: unknown) => {
      if (isGone(error)) return undefined;
      throw toStoreError(error);
    });
    if (!page) return undefined;
    for (const { PartNumber: number = 0, Size: size = 0, ETag } of page.Parts ?? []) {
      parts.push({ number, size, etag: bareEtag(ETag) ?? '', rawEtag: ETag });
    }
    after = page.IsTruncated ? page.NextPartNumberMarker : undefined;
  } while (after !== undefined);
  return parts;
}

export async function listParts(bucket: Bucket, key: string, multipartId: string): Promise<PartInfo[]> {
  const parts = (await findParts(bucket, key, multipartId)) ?? [];
  return parts.map(({ number, size, etag }) => ({ number, size, etag }));
}

/** How often an upload is aborted of which parts still come in. */
const ABORTS = 5;

/** Parts that were on their way when it was aborted may have kept it: it is looked at whether it is gone. */
export async function abortMultipart(
  bucket: Bucket,
  key: string,
  multipartId: string,
  signal?: AbortSignal,
): Promise<void> {
  checkUpload(key, multipartId);
  const options = signal ? { abortSignal: signal } : {};
  for (let attempt = 1; attempt <= ABORTS; attempt++) {
    const upload = { ...at(bucket, key), UploadId: multipartId };
    try {
      await bucket.clients.quick.send(new AbortMultipartUploadCommand(upload), options);
      await bucket.clients.quick.send(new ListPartsCommand({ ...upload, MaxParts: 1 }), options);
    } catch (error) {
      if (isGone(error)) return;
      throw toStoreError(error);
    }
  }
}

/** Milliseconds. */
const DISCARD_TIME = 5_000;

/** Takes away an upload of ours that failed. What stays is found later. */
export async function discardUpload(bucket: Bucket, key: string, multipartId: string): Promise<void> {
  try {
    await abortMultipart(bucket, key, multipartId, AbortSignal.timeout(DISCARD_TIME));
  } catch (error) {
    bucket.log.warn({ err: error }, 'a multipart upload that failed could not be aborted');
  }
}

/** Pages of uploads under way that are looked through: 100,000 of them. The rest have their turn when these are gone. */
const MAX_PAGES = 100;

/** The store lists them by their keys, so all are looked through for the oldest. */
export async function listMultipart(bucket: Bucket, before: Date): Promise<{ key: string; multipartId: string }[]> {
  const prefix = dataRoot(bucket);
  let oldest: { key: string; multipartId: string; begun: number }[] = [];
  const trim = () => {
    oldest.sort((one, other) => one.begun - other.begun);
    oldest = oldest.slice(0, MAX_LISTED);
  };
  let from: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
  for (let page = 1; from && page <= MAX_PAGES; page++) {
    const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({
      Bucket: bucket.name,
      Prefix: prefix,
      EncodingType: 'url',
      ...from,
    });
    const found = await answered(bucket.clients.quick.send(command));
    for (const { Key = '', UploadId = '', Initiated } of found.Uploads ?? []) {
      const key = decodeKey(Key).slice(prefix.length);
      if (isKey(key) && Initiated && Initiated < before) {
        oldest.push({ key, multipartId: UploadId, begun: Initiated.getTime() });
      }
    }
    if (oldest.length >= 2 * MAX_LISTED) trim();
    from = found.IsTruncated
      ? {
          KeyMarker: decodeKey(found.NextKeyMarker ?? ''),
          ...(found.NextUploadIdMarker && { UploadIdMarker: found.NextUploadIdMarker }),
        }
      : undefined;
  }
  trim();
  return oldest.map(({ key, multipartId }) => ({ key, multipartId }));
}
