import { newId } from '../../base/ids.ts';
import type { Database } from '../../drivers/database/port.ts';
import { lockLease } from './leases.ts';
import type { FilesTables } from './tables.ts';

/** The id of this installation, made once; `fresh` while no file was ever kept under it. */
export async function readInstallation(db: Database<FilesTables>): Promise<{ id: string; fresh: boolean }> {
  const now = await db.now();
  return db.unit(async (tx) => {
    // Of several instances that start for the first time, one makes it.
    await lockLease(tx, db.dialect, 'installation');
    // Should there be two, from a time before there was a lock, everybody means the same one.
    const known = await tx
      .selectFrom('files_installation')
      .select('id')
      .orderBy('created_at')
      .orderBy('id')
      .forUpdate()
      .executeTakeFirst();
    if (known) {
      const owner = await tx.selectFrom('owners').select('owner_id').limit(1).executeTakeFirst();
      return { id: known.id, fresh: owner === undefined };
    }
    const id = newId();
    await tx.insertInto('files_installation').values({ id, created_at: now }).execute();
    return { id, fresh: true };
  });
}
