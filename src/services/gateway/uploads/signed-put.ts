import { createHash } from 'node:crypto';
import type { CallContext } from '../../../base/context.ts';
import { HoldfastError, hasCode } from '../../../base/errors.ts';
import type { ObjectStore, SignedEndpoint, SignedGrant } from '../../../drivers/objects/port.ts';
import type { GatewayDeps } from '../deps.ts';
import type { Bytes } from './bytes.ts';
import { MeasuredBytes } from './measured-bytes.ts';
import { streamed } from './streamed.ts';

interface SignedPut {
  readonly token: string;
  readonly body: Bytes;
  /** Undefined where the client did not say. */
  readonly size: number | undefined;
  readonly contentType: string | undefined;
}

type PutGrant = Extract<SignedGrant, { action: 'put' }>;

/**
 * Takes a request to a signed URL of ours: all bytes of an object, or a part of one. Answers the ETag.
 *
 * A part that is sent again replaces the one before. An object is never overwritten; sent again while its upload is
 * open, it is compared: the same bytes (a client that did not hear the answer tries again) are well, others are a
 * `conflict`.
 */
export async function takeSignedPut(
  { objects, uploads }: Pick<GatewayDeps, 'objects' | 'uploads'>,
  endpoint: SignedEndpoint,
  call: CallContext,
  { token, body, size, contentType }: SignedPut,
): Promise<string> {
  const grant = endpoint.verify(token);
  if (grant.action === 'get') throw new HoldfastError('signature_invalid', 'This URL was signed for reading.');
  if (size !== grant.size) {
    throw new HoldfastError('size_mismatch', `This URL takes a body with Content-Length ${grant.size}, and no other.`);
  }
  if (grant.action === 'put' && normal(contentType) !== normal(grant.contentType)) {
    throw new HoldfastError(
      'invalid_request',
      `Send the header "Content-Type: ${grant.contentType}", as it was answered.`,
    );
  }
  const { key } = grant;
  await uploads.checkUploadOpen({ key }, call);
  if (grant.action === 'put-part') {
    const { etag } = await streamed(body, (stream) => endpoint.putPart(grant, stream, call.signal));
    return etag;
  }

  const bytes = new MeasuredBytes(body, size);
  const isNew = await putOnce(objects, grant, bytes);
  try {
    await uploads.checkUploadOpen({ key }, call);
  } catch (error) {
    // It was given up, or confirmed with other bytes, while these came: nobody will ever look for them.
    if (isNew && hasCode(error, 'upload_closed')) await objects.delete([key]);
    // Whoever confirms it right now sees what there is.
    if (!hasCode(error, 'upload_busy')) throw error;
  }
  if (!isNew && (await hashOf(objects, key)) !== bytes.sha256) {
    throw new HoldfastError(
      'conflict',
      'Other bytes were sent to this URL before. Confirm them, or give the upload up and begin a new one.',
    );
  }
  return bytes.sha256;
}

/** False where there is an object already; the bytes have been read to their end all the same. */
async function putOnce(
  objects: ObjectStore,
  { key, size, contentType }: PutGrant,
  bytes: MeasuredBytes,
): Promise<boolean> {
  try {
    await streamed(bytes, (stream) => objects.put(key, stream, { size, contentType }));
    return true;
  } catch (error) {
    if (!hasCode(error, 'conflict')) throw error;
    while (await bytes.next());
    return false;
  }
}

async function hashOf(objects: ObjectStore, key: string): Promise<string> {
  const { stream } = await objects.get(key);
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest('hex');
}

const normal = (contentType = '') =>
  contentType
    .toLowerCase()
    .replace(/\s*;\s*/g, ';')
    .trim();
