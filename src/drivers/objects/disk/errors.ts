import { errnoOf, HoldfastError } from '../../../base/errors.ts';

/** What a file system's error means to whoever uses the store. */
export function toStoreError(error: unknown): unknown {
  const errno = errnoOf(error);
  if (error instanceof HoldfastError || errno === undefined) return error;
  switch (errno) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new HoldfastError('storage_full', 'The object store has no space left. Try again later.', {
        cause: error,
        retryAfter: 60,
      });
    case 'ENOENT':
      return new HoldfastError('not_found', 'There is no such object.', { cause: error });
    case 'EEXIST':
      return new HoldfastError('conflict', 'There is an object under this key already.', { cause: error });
    default:
      // A file system's error names the call; what carries a code and none is no error of ours to judge.
      if ((error as NodeJS.ErrnoException).syscall === undefined) return error;
      return new HoldfastError('unavailable', 'The object store cannot be used just now. Try again later.', {
        cause: error,
      });
  }
}

/** Runs an operation on the file system, with its errors as the store's. */
export async function storeErrors<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw toStoreError(error);
  }
}
