import { setImmediate } from 'node:timers/promises';
import { HoldfastError } from '../../base/errors.ts';
import type { SignUploadRequest } from '../../contract/holdfast/v1/storage.ts';
import type { ObjectStore, SignedRequest } from '../../drivers/objects/port.ts';
import { required, type StorageVerb } from './deps.ts';

/** The most requests, or parts, that are signed by one call. */
const MAX_SIGNED = 1_000;
/** So many are signed before whatever else this process does has its turn. */
const BATCH = 50;

async function sign(objects: ObjectStore, { key, size, contentType, expiresAt }: SignUploadRequest) {
  if (!Number.isSafeInteger(size) || size < 0) throw new HoldfastError('invalid_request', 'The size is none.');
  return objects.signPut(key, { size, contentType, expiresAt: required(expiresAt, 'expires_at') });
}

export const signUpload: StorageVerb<'signUpload'> =
  ({ objects }) =>
  async (upload) => ({ request: await sign(objects, upload) });

export const signUploads: StorageVerb<'signUploads'> =
  ({ objects }) =>
  async ({ uploads }, { signal }) => {
    if (uploads.length > MAX_SIGNED) {
      throw new HoldfastError('invalid_request', `At most ${MAX_SIGNED} requests are signed at a time.`);
    }
    const requests: SignedRequest[] = [];
    while (requests.length < uploads.length) {
      if (requests.length > 0) await setImmediate(undefined, { signal });
      const some = uploads.slice(requests.length, requests.length + BATCH);
      requests.push(...(await Promise.all(some.map((upload) => sign(objects, upload)))));
    }
    return { requests };
  };

export const signDownload: StorageVerb<'signDownload'> =
  ({ objects }) =>
  async ({ key, contentType, contentDisposition, expiresAt }) => ({
    url: await objects.signGet(key, {
      contentType,
      contentDisposition,
      expiresAt: required(expiresAt, 'expires_at'),
    }),
  });

export const signParts: StorageVerb<'signParts'> =
  ({ objects }) =>
  async ({ key, multipartId, size, partSize, from, count, expiresAt: expiry }) => {
    const expiresAt = required(expiry, 'expires_at');
    const total = Math.ceil(size / partSize);
    if (!(size > 0 && partSize > 0 && Number.isSafeInteger(total))) {
      throw new HoldfastError('invalid_request', 'The sizes of the whole and of a part must be above zero.');
    }
    if (!(Number.isInteger(from) && from >= 1 && count >= 1 && count <= MAX_SIGNED && from + count - 1 <= total)) {
      throw new HoldfastError('invalid_request', `The upload has ${total} parts; ask for some of them.`);
    }
    const numbers = Array.from({ length: count }, (_, index) => from + index);
    const signOne = async (number: number) => {
      const rest = size - (number - 1) * partSize;
      const options = { multipartId, number, size: Math.min(partSize, rest), expiresAt };
      return { number, request: await objects.signPart(key, options) };
    };
    return { parts: await Promise.all(numbers.map(signOne)) };
  };
