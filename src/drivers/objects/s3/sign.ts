import { GetObjectCommand, PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { checkKey } from '../keys.ts';
import { checkPartNumber } from '../limits.ts';
import type { ObjectStore, SignedRequest } from '../port.ts';
import { at, type Bucket } from './bucket.ts';
import { answered } from './errors.ts';
import { checkUpload } from './multipart.ts';

type Options<Verb extends 'signPut' | 'signGet' | 'signPart'> = Parameters<ObjectStore[Verb]>[1];

/** Milliseconds that the store's clock, as its answers have shown it, is let differ from ours: they take their time. */
const NOISE = 60_000;

/** S3 takes no longer times than a week. Seconds. */
const LONGEST = 7 * 24 * 3600;

/** The length is signed, so a body of another length is refused, and so is another type. */
export async function signPut(
  bucket: Bucket,
  key: string,
  { size, contentType, expiresAt }: Options<'signPut'>,
): Promise<SignedRequest> {
  checkKey(key);
  const command = new PutObjectCommand({
    ...at(bucket, key),
    ...bucket.encryption,
    ContentLength: size,
    ContentType: contentType,
  });
  const url = await sign(bucket, command, expiresAt, ['content-length', 'content-type']);
  return { method: 'PUT', url, headers: { 'content-type': contentType, ...encryptionHeaders(bucket) } };
}

export async function signPart(
  bucket: Bucket,
  key: string,
  { multipartId, number, size, expiresAt }: Options<'signPart'>,
): Promise<SignedRequest> {
  checkUpload(key, multipartId);
  checkPartNumber(number);
  const command = new UploadPartCommand({
    ...at(bucket, key),
    UploadId: multipartId,
    PartNumber: number,
    ContentLength: size,
  });
  return { method: 'PUT', url: await sign(bucket, command, expiresAt, ['content-length']), headers: {} };
}

export async function signGet(
  bucket: Bucket,
  key: string,
  { contentType, contentDisposition, expiresAt }: Options<'signGet'>,
): Promise<string> {
  checkKey(key);
  const command = new GetObjectCommand({
    ...at(bucket, key),
    ResponseContentType: contentType,
    ResponseContentDisposition: contentDisposition,
  });
  return sign(bucket, command, expiresAt, []);
}

function sign(
  bucket: Bucket,
  command: PutObjectCommand | UploadPartCommand | GetObjectCommand,
  expiresAt: Date,
  signedHeaders: readonly string[],
): Promise<string> {
  // Whole seconds, of which at least one; a time that has passed makes a URL that has expired.
  const end = Math.floor(expiresAt.getTime() / 1000);
  const begin = Math.min(Math.floor(Date.now() / 1000), end - 1);
  const { systemClockOffset = 0 } = bucket.clients.quick.config;
  const ahead = Math.abs(systemClockOffset) > NOISE ? systemClockOffset : 0;
  // The type of the presigner takes one command at a time.
  const request = getSignedUrl(bucket.clients.signer, command as GetObjectCommand, {
    signingDate: new Date(begin * 1000 + ahead),
    expiresIn: Math.min(end - begin, LONGEST),
    signableHeaders: new Set(['host', ...signedHeaders]),
  });
  return answered(request);
}

/** What the client has to send, because it is signed. */
function encryptionHeaders({ encryption }: Bucket): Record<string, string> {
  const { ServerSideEncryption: mode, SSEKMSKeyId: keyId } = encryption;
  return {
    ...(mode && { 'x-amz-server-side-encryption': mode }),
    ...(keyId && { 'x-amz-server-side-encryption-aws-kms-key-id': keyId }),
  };
}
