import { LRUCache } from 'lru-cache';
import type { Database } from '../../../drivers/database/port.ts';
import type { FilesTables } from '../tables.ts';
import type { Reserved } from './reserve.ts';

/** More are seldom under way in one process. */
const REMEMBERED = 1_000;
const begunByDatabase = new WeakMap<object, LRUCache<string, Reserved>>();

/**
 * Uploads that this process has begun of late, by file, as their rows were written: most end soon, with nobody having
 * touched them, and need not be read again for that.
 */
export function begunHere(db: Database<FilesTables>): LRUCache<string, Reserved> {
  const begun = begunByDatabase.get(db) ?? new LRUCache({ max: REMEMBERED });
  begunByDatabase.set(db, begun);
  return begun;
}
