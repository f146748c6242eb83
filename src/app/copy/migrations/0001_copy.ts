import type { Migration } from '../../../drivers/database/port.ts';

export const copy: Migration = {
  name: '0001_copy',
  async up(db) {
    await db.schema
      .createTable('copy_freeze')
      .addColumn('name', 'varchar(16)', (column) => column.primaryKey())
      .addColumn('copy_id', 'varchar(36)', (column) => column.notNull())
      .addColumn('frozen_until', 'bigint', (column) => column.notNull())
      .addColumn('moved_at', 'bigint')
      .execute();
    await db.schema
      .createTable('copy_target')
      .addColumn('name', 'varchar(16)', (column) => column.primaryKey())
      .addColumn('copy_id', 'varchar(36)', (column) => column.notNull())
      .addColumn('installation', 'varchar(36)', (column) => column.notNull())
      .addColumn('run_id', 'varchar(36)', (column) => column.notNull())
      .addColumn('began_at', 'bigint', (column) => column.notNull())
      .addColumn('completed_at', 'bigint')
      .execute();
    await db.schema
      .createTable('copy_objects')
      .addColumn('object_key', 'varchar(255)', (column) => column.primaryKey())
      .addColumn('sha256', 'varchar(64)', (column) => column.notNull())
      .execute();
  },
};
