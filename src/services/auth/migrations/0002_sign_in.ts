import type { Migration } from '../../../drivers/database/port.ts';

/** Sessions, tokens, roles, invitations, the audit trail and the outbox. */
export const signIn: Migration = {
  name: '0002_sign_in',
  async up(db, dialect) {
    await db.schema
      .alterTable('users')
      .addColumn('role', 'varchar(16)', (column) => column.notNull().defaultTo('user'))
      .execute();
    await db.schema.alterTable('users').addColumn('disabled_at', 'bigint').execute();
    await db.schema.alterTable('users').addColumn('email_verified_at', 'bigint').execute();
    await db.schema
      .alterTable('users')
      .addColumn('sessions_ended_at', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute();
    await db.schema.alterTable('users').addColumn('deleted_at', 'bigint').execute();
    await db.schema.createIndex('users_by_age').on('users').columns(['created_at', 'id']).execute();
    await dialect.addSparseIndex(db, {
      name: 'users_deleted',
      table: 'users',
      columns: ['id'],
      where: [['deleted_at', 'is not', null]],
    });

    await db.schema
      .createTable('sessions')
      .addColumn('id', 'varchar(36)', (column) => column.primaryKey())
      .addColumn('user_id', 'varchar(36)', (column) => column.notNull())
      .addColumn('kind', 'varchar(16)', (column) => column.notNull())
      .addColumn('token_hash', 'varchar(64)', (column) => column.unique())
      .addColumn('address', 'varchar(64)', (column) => column.notNull())
      .addColumn('user_agent', 'varchar(256)', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('last_used_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('sessions_by_user').on('sessions').columns(['user_id', 'created_at', 'id']).execute();
    await db.schema.createIndex('sessions_by_expiry').on('sessions').column('expires_at').execute();

    await db.schema
      .createTable('refresh_tokens')
      .addColumn('token_hash', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('session_id', 'varchar(36)', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('used_at', 'bigint')
      .execute();
    await db.schema.createIndex('refresh_tokens_by_session').on('refresh_tokens').column('session_id').execute();

    await db.schema
      .createTable('api_tokens')
      .addColumn('id', 'varchar(36)', (column) => column.primaryKey())
      .addColumn('user_id', 'varchar(36)', (column) => column.notNull())
      .addColumn('name', 'varchar(800)', (column) => column.notNull())
      .addColumn('token_hash', 'varchar(64)', (column) => column.notNull().unique())
      .addColumn('hint', 'varchar(16)', (column) => column.notNull())
      .addColumn('scopes', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint')
      .addColumn('last_used_at', 'bigint')
      .execute();
    await db.schema
      .createIndex('api_tokens_by_user')
      .on('api_tokens')
      .columns(['user_id', 'created_at', 'id'])
      .execute();
    await db.schema.createIndex('api_tokens_by_expiry').on('api_tokens').column('expires_at').execute();

    await db.schema
      .createTable('invitations')
      .addColumn('id', 'varchar(36)', (column) => column.primaryKey())
      .addColumn('token_hash', 'varchar(64)', (column) => column.notNull().unique())
      .addColumn('email', 'varchar(254)')
      .addColumn('created_by', 'varchar(36)', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('used_at', 'bigint')
      .execute();
    await db.schema.createIndex('invitations_by_age').on('invitations').columns(['created_at', 'id']).execute();

    await db.schema
      .createTable('sign_in_attempts')
      .addColumn('name', 'varchar(128)', (column) => column.primaryKey())
      .addColumn('failures', 'integer', (column) => column.notNull())
      .addColumn('blocked_until', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('sign_in_attempts_by_expiry').on('sign_in_attempts').column('expires_at').execute();

    await db.schema
      .createTable('audit')
      .addColumn('id', 'varchar(36)', (column) => column.primaryKey())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('action', 'varchar(64)', (column) => column.notNull())
      .addColumn('actor_kind', 'varchar(16)', (column) => column.notNull())
      .addColumn('actor_id', 'varchar(255)', (column) => column.notNull())
      .addColumn('credential_id', 'varchar(36)', (column) => column.notNull())
      .addColumn('target_kind', 'varchar(32)', (column) => column.notNull())
      .addColumn('target_id', 'varchar(1020)', (column) => column.notNull())
      .addColumn('owner_id', 'varchar(1020)', (column) => column.notNull())
      .addColumn('address', 'varchar(64)', (column) => column.notNull())
      .addColumn('user_agent', 'varchar(256)', (column) => column.notNull())
      .addColumn('request_id', 'varchar(128)', (column) => column.notNull())
      .addColumn('data', 'text', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('audit_by_age').on('audit').columns(['created_at', 'id']).execute();
    await db.schema.createIndex('audit_by_action').on('audit').columns(['action', 'created_at', 'id']).execute();
    await db.schema.createIndex('audit_by_actor').on('audit').columns(['actor_id', 'created_at', 'id']).execute();
    await db.schema.createIndex('audit_by_target').on('audit').columns(['target_id', 'created_at', 'id']).execute();

    await db.schema
      .createTable('auth_outbox')
      .addColumn('id', 'varchar(36)', (column) => column.primaryKey())
      .addColumn('position', 'bigint')
      .addColumn('type', 'varchar(64)', (column) => column.notNull())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('user_id', 'varchar(36)', (column) => column.notNull())
      .addColumn('data', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute();
    await dialect.addSparseIndex(db, {
      name: 'auth_outbox_by_position',
      table: 'auth_outbox',
      columns: ['position'],
      where: [['position', 'is not', null]],
    });
    // Those that the relay has not numbered yet.
    await dialect.addSparseIndex(db, {
      name: 'auth_outbox_unnumbered',
      table: 'auth_outbox',
      columns: ['id'],
      where: [['position', 'is', null]],
    });

    await db.schema
      .createTable('auth_leases')
      .addColumn('name', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('token', 'varchar(36)', (column) => column.notNull())
      .addColumn('lease_until', 'bigint', (column) => column.notNull())
      .execute();
  },
};
