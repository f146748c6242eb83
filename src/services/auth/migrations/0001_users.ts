import type { Migration } from '../../../drivers/database/port.ts';

export const users: Migration = {
  name: '0001_users',
  async up(db) {
    await db.schema
      .createTable('users')
      .addColumn('id', 'varchar(36)', (column) => column.primaryKey())
      .addColumn('email', 'varchar(254)', (column) => column.notNull().unique())
      .addColumn('name', 'varchar(800)')
      .addColumn('password_hash', 'varchar(60)', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute();
  },
};
