import { newId } from '../../base/ids.ts';
import { lockLease } from '../../outbox/leases.ts';
import { requireService } from './access.ts';
import type { InstallationVerb } from './deps.ts';

/** The id is made by whoever asks first. */
export const getInstallation: InstallationVerb<'getInstallation'> =
  ({ db }) =>
  async (_request, context) => {
    requireService(context);
    const now = await db.now();
    return db.unit(async (tx) => {
      // Of several instances that start for the first time, one makes it.
      await lockLease(tx, db.dialect, 'files_leases', 'installation');
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
  };
