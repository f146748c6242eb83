import { HoldfastError } from '../../base/errors.ts';
import { required, type StorageVerb } from './deps.ts';

export const signUpload: StorageVerb<'signUpload'> =
  ({ objects }) =>
  async ({ key, size, contentType, expiresAt }) => {
    if (!Number.isSafeInteger(size) || size < 0) throw new HoldfastError('invalid_request', 'The size is none.');
    const options = { size, contentType, expiresAt: required(expiresAt, 'expires_at') };
    return { request: await objects.signPut(key, options) };
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

/** The most parts that are signed by one call. */
const MAX_SIGNED = 1_000;

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
    const sign = async (number: number) => {
      const rest = size - (number - 1) * partSize;
      const options = { multipartId, number, size: Math.min(partSize, rest), expiresAt };
      return { number, request: await objects.signPart(key, options) };
    };
    return { parts: await Promise.all(numbers.map(sign)) };
  };
