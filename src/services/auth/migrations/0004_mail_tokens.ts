import type { Kysely } from 'kysely';
import type { Migration } from '../../../drivers/database/port.ts';

/** Tokens of links in mails, and which mails users want. */
export const mailTokens: Migration = {
  name: '0004_mail_tokens',
  async up(db) {
    await createTokens(db, 'email_verifications');
    await createTokens(db, 'password_resets');
    for (const column of ['notify_uploads', 'notify_failures']) {
      await db.schema
        .alterTable('users')
        .addColumn(column, 'integer', (made) => made.notNull().defaultTo(0))
        .execute();
    }
  },
};

// biome-ignore lint/suspicious/noExplicitAny: a migration works on whatever tables are there.
async function createTokens(db: Kysely<any>, table: string): Promise<void> {
  await db.schema
    .createTable(table)
    .addColumn('token_hash', 'varchar(64)', (column) => column.primaryKey())
    .addColumn('user_id', 'varchar(36)', (column) => column.notNull())
    .addColumn('email', 'varchar(254)', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema.createIndex(`${table}_by_user`).on(table).column('user_id').execute();
  await db.schema.createIndex(`${table}_by_expiry`).on(table).column('expires_at').execute();
}
