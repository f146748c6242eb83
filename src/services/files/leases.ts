import type { Database } from '../../drivers/database/port.ts';
import type { FilesTables } from './tables.ts';

/** Takes or renews a named lease for `duration` milliseconds; false while another holds it. */
export async function takeLease(
  db: Database<FilesTables>,
  name: string,
  token: string,
  duration: number,
): Promise<boolean> {
  const now = await db.now();
  return db.unit(async (tx) => {
    const query = tx.selectFrom('files_leases').selectAll().where('name', '=', name);
    const held = await (db.dialect.locksRows ? query.forUpdate() : query).executeTakeFirst();
    if (held && held.token !== token && held.lease_until > now) return false;
    const lease = { token, lease_until: now + duration };
    if (held) await tx.updateTable('files_leases').set(lease).where('name', '=', name).execute();
    else
      await tx
        .insertInto('files_leases')
        .values({ name, ...lease })
        .execute();
    return true;
  });
}
