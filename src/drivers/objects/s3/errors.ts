import { type ErrorCode, errnoOf, HoldfastError } from '../../../base/errors.ts';

/** What the SDK throws for an answer of the store that is an error. */
interface StoreFault {
  readonly name: string;
  readonly message: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
}

/** The HTTP status that the store answered with; undefined where it did not answer. */
export const statusOf = (error: unknown): number | undefined => (error as StoreFault).$metadata?.httpStatusCode;

/** How often a request was sent. */
export const attemptsOf = (error: unknown): number => (error as StoreFault).$metadata?.attempts ?? 1;

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');

/** The key holds nothing, or the store does not know the multipart upload (any more). Servers name it differently. */
export const isGone = (error: unknown): boolean =>
  statusOf(error) === 404 && ['NoSuchKey', 'NoSuchUpload', 'NotFound'].includes(nameOf(error));

/** A condition of the request does not hold. */
export const isRefused = (error: unknown): boolean => statusOf(error) === 412;

/** Somebody else was writing the same at the same moment; to be tried again. */
export const isCollision = (error: unknown): boolean => statusOf(error) === 409;

/** The store does not know how to do something, or what a header is for. */
export const isUnknown = (error: unknown): boolean => statusOf(error) === 501;

/** The store does not answer, or says that it cannot just now; nothing is wrong with the request. */
export function isOutage(error: unknown): boolean {
  const status = statusOf(error);
  if (status !== undefined) return status >= 500 && status !== 501 && status !== 507;
  return errnoOf(error) !== undefined || nameOf(error) === 'TimeoutError';
}

const FULL = [
  'QuotaExceeded',
  'InsufficientStorage',
  'StorageFull',
  'XMinioStorageFull',
  'XMinioAdminBucketQuotaExceeded',
  'EDQUOT',
];

const CODES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  InvalidRange: ['range_not_satisfiable', 'The object has no such range.'],
  EntityTooLarge: ['too_large', 'The object store takes no object of this size.'],
  EntityTooSmall: ['upload_not_complete', 'A part other than the last is smaller than the object store takes.'],
  InvalidPart: ['upload_not_complete', 'A part is not there as it is named. Send it again.'],
  InvalidPartOrder: ['upload_not_complete', 'The parts are not in the order of their numbers.'],
};

/** What an error of a request to the store means to whoever uses the store. Errors that are none pass as they are. */
export function toStoreError(error: unknown): unknown {
  if (error instanceof HoldfastError || !(error instanceof Error)) return error;
  const status = statusOf(error);
  const isOurs = status === undefined && !isOutage(error) && error.name !== 'CredentialsProviderError';
  if (isOurs) return error;
  if (isGone(error)) return new HoldfastError('not_found', 'There is no such object.', { cause: error });
  if (FULL.includes(error.name) || status === 507) {
    return new HoldfastError('storage_full', 'The object store has no space left. Try again later.', {
      cause: error,
      retryAfter: 60,
    });
  }
  const known = Object.hasOwn(CODES, error.name) ? CODES[error.name] : undefined;
  if (known) return new HoldfastError(...known, { cause: error });
  return new HoldfastError('unavailable', 'The object store cannot be used just now. Try again later.', {
    cause: error,
    retryAfter: 5,
  });
}

/** Awaits a request to the store, with its errors as the store's. The reason of an abort is thrown as it is. */
export async function answered<T>(request: Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await request;
  } catch (error) {
    signal?.throwIfAborted();
    throw toStoreError(error);
  }
}
