import type { Migration } from '../../../drivers/database/port.ts';

/** Who users are to others: to providers that they sign in with, and to issuers whose tokens are taken here. */
export const identities: Migration = {
  name: '0005_identities',
  async up(db) {
    await db.schema
      .createTable('identities')
      .addColumn('id', 'varchar(36)', (column) => column.primaryKey())
      .addColumn('user_id', 'varchar(36)', (column) => column.notNull())
      .addColumn('issuer', 'varchar(512)', (column) => column.notNull())
      .addColumn('subject', 'varchar(255)', (column) => column.notNull())
      .addColumn('email', 'varchar(254)')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex('identities_by_subject')
      .unique()
      .on('identities')
      .columns(['issuer', 'subject'])
      .execute();
    await db.schema
      .createIndex('identities_by_user')
      .on('identities')
      .columns(['user_id', 'created_at', 'id'])
      .execute();

    await db.schema
      .createTable('provider_sign_ins')
      .addColumn('state_hash', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('browser_hash', 'varchar(64)', (column) => column.notNull())
      .addColumn('provider', 'varchar(64)', (column) => column.notNull())
      .addColumn('redirect_uri', 'text', (column) => column.notNull())
      .addColumn('return_to', 'text', (column) => column.notNull())
      .addColumn('invitation_hash', 'varchar(64)')
      .addColumn('user_id', 'varchar(36)')
      .addColumn('session_id', 'varchar(36)')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('provider_sign_ins_by_expiry').on('provider_sign_ins').column('expires_at').execute();
  },
};
