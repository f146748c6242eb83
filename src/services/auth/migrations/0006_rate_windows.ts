import type { Migration } from '../../../drivers/database/port.ts';

/** How many requests all gateways have let in, by party and window of time. */
export const rateWindows: Migration = {
  name: '0006_rate_windows',
  async up(db) {
    await db.schema
      .createTable('rate_windows')
      .addColumn('name', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('requests', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('rate_windows_by_expiry').on('rate_windows').column('expires_at').execute();
  },
};
