import type { Kysely } from 'kysely';
import { serviceContext } from '../../../base/context.ts';
import { hasCode } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import { type Loop, startLoop } from '../../../base/lifecycle.ts';
import { logFailure } from '../../../base/log-failure.ts';
import { takeLease } from '../../../outbox/leases.ts';
import type { FilesDeps } from '../deps.ts';
import type { FilesTables } from '../tables.ts';

/** Milliseconds. */
const EVERY = 5_000;
const LEASE = 10 * 60_000;
/** Until a file that could not be read is tried again: each time may read all of it, for nothing. */
const RETRY = 30 * 60_000;
const BATCH = 20;

/**
 * Hashes what was too large to be hashed at confirm, one file at a time, by one instance at a time. Files are gone
 * through by their ids, so that one that cannot be read holds nobody up.
 */
export function startHashing({ db, storage, log }: Pick<FilesDeps, 'db' | 'storage' | 'log'>): Loop {
  const token = newId();
  /** The last file that was tried. */
  let after = '';
  /** When to begin from the first file again, where one has failed since that was last done. */
  let retryAt: number | undefined;
  return startLoop({
    every: EVERY,
    round: async (signal) => {
      const files = await unhashedFiles(db.reader, { after, limit: BATCH });
      for (const file of files) {
        if (signal.aborted || !(await takeLease(db, 'files_leases', 'hashing', token, LEASE))) return;
        const sha256 = await hash(file, signal);
        if (sha256 === undefined) retryAt ??= Date.now() + RETRY;
        else await keep(file.id, sha256);
        after = file.id;
      }
      if (files.length === BATCH || (retryAt !== undefined && Date.now() < retryAt)) return;
      after = '';
      retryAt = undefined;
    },
    onError: (error) => logFailure(log, error, 'Files could not be hashed; trying again'),
  });

  /** Undefined where it cannot be read. */
  async function hash({ id, key, content_type }: Unhashed, signal: AbortSignal): Promise<string | undefined> {
    const context = serviceContext('files', log, newId(), signal);
    try {
      return (await storage.inspectObject({ key, contentType: content_type, hash: true }, context)).sha256;
    } catch (error) {
      if (signal.aborted) throw error;
      // Purged meanwhile, as a rule.
      if (hasCode(error, 'not_found')) return undefined;
      logFailure(log.child({ file_id: id }), error, 'A file could not be hashed; it is tried again later');
      return undefined;
    }
  }

  async function keep(id: string, sha256: string): Promise<void> {
    await db.unit((tx) =>
      tx.updateTable('files').set({ sha256 }).where('id', '=', id).where('sha256', 'is', null).execute(),
    );
  }
}

interface Unhashed {
  readonly id: string;
  readonly key: string;
  readonly content_type: string;
}

/** Files that are whole and not hashed yet, by their ids. */
export const unhashedFiles = (
  db: Kysely<FilesTables>,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<Unhashed[]> =>
  db
    .selectFrom('files')
    .select(['id', 'object_key as key', 'content_type'])
    .$narrowType<{ key: string }>()
    .where('sha256', 'is', null)
    .where('status', '=', 'uploaded')
    .where('purge_reason', 'is', null)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
