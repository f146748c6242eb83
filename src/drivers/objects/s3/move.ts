import { HoldfastError, hasCode } from '../../../base/errors.ts';
import { checkKey } from '../keys.ts';
import type { Bucket } from './bucket.ts';
import { copy } from './copy.ts';
import { isCollision, isGone, isRefused, toStoreError } from './errors.ts';
import { remove } from './remove.ts';
import { find, type Stored } from './stored.ts';

/** How often it is begun again because something changed in between. */
const ATTEMPTS = 5;

/**
 * A copy within the store, marked with what it is a copy of, and then the first is deleted. Stopped between the two, the
 * object stands under both keys, and doing it again goes on from there: the mark tells.
 */
export async function move(bucket: Bucket, from: string, to: string): Promise<void> {
  checkKey(from);
  checkKey(to);
  for (let attempt = 1; ; attempt++) {
    const [source, target] = await Promise.all([find(bucket, from), find(bucket, to)]);
    if (!source || from === to) {
      if (target) return;
      throw new HoldfastError('not_found', 'There is no such object.');
    }
    const write = `${from} ${source.etag ?? ''}`;
    if (target && target.write !== write) {
      throw new HoldfastError('conflict', 'There is another object under the new key.');
    }
    if (target || (await tryCopy(bucket, source, to, write, attempt === ATTEMPTS))) {
      await remove(bucket, [from]);
      return;
    }
  }
}

/** False where source or target are not as they were any more. */
async function tryCopy(bucket: Bucket, source: Stored, to: string, write: string, isLast: boolean): Promise<boolean> {
  try {
    await copy(bucket, source, to, write);
    return true;
  } catch (error) {
    const hasChanged =
      isGone(error) || isRefused(error) || isCollision(error) || hasCode(error, 'not_found', 'conflict');
    if (!hasChanged || isLast) throw toStoreError(error);
    return false;
  }
}
