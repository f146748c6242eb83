import type { Migration } from '../../../drivers/database/port.ts';

export const mail: Migration = {
  name: '0001_mail',
  async up(db) {
    await db.schema
      .createTable('cursors')
      .addColumn('name', 'varchar(32)', (column) => column.primaryKey())
      .addColumn('position', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('notifier_leases')
      .addColumn('name', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('token', 'varchar(36)', (column) => column.notNull())
      .addColumn('lease_until', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('mail_deliveries')
      .addColumn('id', 'varchar(36)', (column) => column.primaryKey())
      .addColumn('cause', 'varchar(36)', (column) => column.notNull().unique())
      .addColumn('kind', 'varchar(64)', (column) => column.notNull())
      .addColumn('user_id', 'varchar(36)', (column) => column.notNull())
      .addColumn('data', 'text', (column) => column.notNull())
      .addColumn('state', 'varchar(16)', (column) => column.notNull())
      .addColumn('attempt', 'integer', (column) => column.notNull())
      .addColumn('due_at', 'bigint', (column) => column.notNull())
      .addColumn('lease_token', 'varchar(36)')
      .addColumn('reason', 'text')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('mail_deliveries_due').on('mail_deliveries').columns(['state', 'due_at']).execute();
    await db.schema
      .createIndex('mail_deliveries_by_user')
      .on('mail_deliveries')
      .columns(['user_id', 'kind', 'state'])
      .execute();
  },
};
