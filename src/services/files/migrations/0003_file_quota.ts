import { sql } from 'kysely';
import type { Migration } from '../../../drivers/database/port.ts';

/** Owners have so many files, too, and a quota of them. */
export const fileQuota: Migration = {
  name: '0003_file_quota',
  async up(db) {
    await db.schema.alterTable('owners').addColumn('file_quota', 'bigint').execute();
    for (const name of ['files', 'files_held']) {
      await db.schema
        .alterTable('owners')
        .addColumn(name, 'bigint', (column) => column.notNull().defaultTo(0))
        .execute();
    }
    await db
      .updateTable('owners')
      .set({
        files: filesWhere(sql`status <> 'pending'`),
        files_held: filesWhere(sql`status = 'pending' and purge_reason is null`),
      })
      .execute();
  },
};

const filesWhere = (condition: ReturnType<typeof sql>) =>
  sql<number>`(select count(*) from files where files.owner_id = owners.owner_id and ${condition})`;
