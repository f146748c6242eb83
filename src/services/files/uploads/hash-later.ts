import { serviceContext } from '../../../base/context.ts';
import { hasCode } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import { type Loop, startLoop } from '../../../base/lifecycle.ts';
import { logFailure } from '../../../base/log-failure.ts';
import { takeLease } from '../../../outbox/leases.ts';
import type { FilesDeps } from '../deps.ts';

/** Milliseconds. */
const EVERY = 5_000;
const LEASE = 10 * 60_000;
const BATCH = 20;

/** Hashes what was too large to be hashed at confirm, one file at a time, by one instance at a time. */
export function startHashing({ db, storage, log }: FilesDeps): Loop {
  const token = newId();
  return startLoop({
    every: EVERY,
    round: async (signal) => {
      const context = serviceContext('files', log, newId(), signal);
      const files = await db.reader
        .selectFrom('files')
        .select(['id', 'object_key', 'content_type'])
        .where('sha256', 'is', null)
        .where('status', '=', 'uploaded')
        .where('purge_reason', 'is', null)
        .orderBy('id')
        .limit(BATCH)
        .execute();
      for (const file of files) {
        if (signal.aborted || !(await takeLease(db, 'files_leases', 'hashing', token, LEASE))) return;
        const sha256 = await hash(file.object_key as string, file.content_type);
        if (sha256 === undefined) continue;
        await db.unit((tx) =>
          tx.updateTable('files').set({ sha256 }).where('id', '=', file.id).where('sha256', 'is', null).execute(),
        );
      }

      async function hash(key: string, contentType: string): Promise<string | undefined> {
        try {
          return (await storage.inspectObject({ key, contentType, hash: true }, context)).sha256;
        } catch (error) {
          // Purged meanwhile.
          if (hasCode(error, 'not_found')) return undefined;
          throw error;
        }
      }
    },
    onError: (error) => logFailure(log, error, 'A file could not be hashed; trying again'),
  });
}
