import type { Migration } from '../../../drivers/database/port.ts';
import { NAME_SEARCH } from '../name-search.ts';

export const files: Migration = {
  name: '0001_files',
  async up(db, dialect) {
    await db.schema
      .createTable('files_installation')
      .addColumn('id', 'varchar(36)', (column) => column.primaryKey())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute();

    await db.schema
      .createTable('owners')
      .addColumn('owner_id', 'varchar(1020)', (column) => column.primaryKey())
      .addColumn('owner_key', 'varchar(36)', (column) => column.notNull().unique())
      .addColumn('quota', 'bigint')
      .addColumn('used', 'bigint', (column) => column.notNull())
      .addColumn('held', 'bigint', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute();

    const table = dialect.search
      .addKey(db.schema.createTable('files'), 'id', 'varchar(36)')
      .addColumn('owner_id', 'varchar(1020)', (column) => column.notNull())
      .addColumn('owner_key', 'varchar(36)', (column) => column.notNull())
      .addColumn('name', 'varchar(1024)', (column) => column.notNull())
      .addColumn('name_key', 'varchar(1024)', (column) => column.notNull())
      .addColumn('folder', 'varchar(1024)', (column) => column.notNull())
      .addColumn('content_type', 'varchar(255)', (column) => column.notNull())
      .addColumn('size', 'bigint', (column) => column.notNull())
      .addColumn('sha256', 'varchar(64)')
      .addColumn('metadata', 'text', (column) => column.notNull())
      .addColumn('status', 'varchar(16)', (column) => column.notNull())
      .addColumn('visibility', 'varchar(16)', (column) => column.notNull())
      .addColumn('object_key', 'varchar(255)')
      .addColumn('jobs_total', 'integer', (column) => column.notNull())
      .addColumn('jobs_finished', 'integer', (column) => column.notNull())
      .addColumn('jobs_failed', 'integer', (column) => column.notNull())
      .addColumn('attempts', 'integer', (column) => column.notNull())
      .addColumn('apart', 'integer', (column) => column.notNull())
      .addColumn('sequence', 'bigint', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addColumn('uploaded_at', 'bigint')
      .addColumn('deleted_at', 'bigint')
      .addColumn('expires_at', 'bigint')
      .addColumn('purge_reason', 'varchar(16)');
    await dialect.createPartitioned(db, { table: 'files', by: 'id' }, table);
    // One index for each order in which an owner lists; the id breaks ties.
    for (const [name, ...columns] of [
      ['files_by_age', 'owner_id', 'created_at', 'id'],
      ['files_by_name', 'owner_id', 'name_key', 'id'],
      ['files_by_size', 'owner_id', 'size', 'id'],
      ['files_by_folder', 'owner_id', 'folder', 'created_at', 'id'],
    ] as const) {
      await db.schema
        .createIndex(name)
        .on('files')
        .columns([...columns])
        .execute();
    }
    // What the janitor looks for is rare: these indexes hold only that.
    for (const column of ['deleted_at', 'expires_at', 'purge_reason'] as const) {
      await dialect.addSparseIndex(db, {
        name: `files_by_${column}`,
        table: 'files',
        columns: [column, 'id'],
        where: [[column, 'is not', null]],
      });
    }
    // What is still to be hashed: seldom anything.
    await dialect.addSparseIndex(db, {
      name: 'files_unhashed',
      table: 'files',
      columns: ['id'],
      where: [
        ['sha256', 'is', null],
        ['status', '=', 'uploaded'],
      ],
    });
    await dialect.search.create(db, NAME_SEARCH);

    await db.schema
      .createTable('uploads')
      .addColumn('file_id', 'varchar(36)', (column) => column.primaryKey())
      .addColumn('owner_id', 'varchar(1020)', (column) => column.notNull())
      .addColumn('kind', 'varchar(16)', (column) => column.notNull())
      .addColumn('source_key', 'varchar(255)', (column) => column.notNull())
      .addColumn('target_key', 'varchar(255)', (column) => column.notNull())
      .addColumn('declared_size', 'bigint')
      .addColumn('declared_sha256', 'varchar(64)')
      .addColumn('declared_type', 'varchar(255)', (column) => column.notNull())
      .addColumn('held', 'bigint', (column) => column.notNull())
      .addColumn('multipart_id', 'varchar(1024)')
      .addColumn('part_size', 'bigint')
      .addColumn('state', 'varchar(16)', (column) => column.notNull())
      .addColumn('lease_token', 'varchar(36)')
      .addColumn('lease_until', 'bigint')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute();

    await db.schema
      .createTable('idempotency_keys')
      .addColumn('id', 'varchar(36)', (column) => column.primaryKey())
      .addColumn('owner_id', 'varchar(1020)', (column) => column.notNull())
      .addColumn('idempotency_key', 'varchar(255)', (column) => column.notNull())
      .addColumn('fingerprint', 'varchar(64)')
      .addColumn('answer', 'text')
      .addColumn('lease_until', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addUniqueConstraint('idempotency_keys_by_owner', ['owner_id', 'idempotency_key'])
      .execute();
    await db.schema.createIndex('idempotency_keys_by_expiry').on('idempotency_keys').column('expires_at').execute();
    await db.schema
      .createTable('idempotency_files')
      .addColumn('idempotency_id', 'varchar(36)', (column) => column.notNull())
      .addColumn('part', 'integer', (column) => column.notNull())
      .addColumn('file_id', 'varchar(36)', (column) => column.notNull())
      .addPrimaryKeyConstraint('idempotency_files_key', ['idempotency_id', 'part'])
      .execute();

    const variants = db.schema
      .createTable('file_variants')
      .addColumn('file_id', 'varchar(36)', (column) => column.notNull())
      .addColumn('type', 'varchar(64)', (column) => column.notNull())
      .addColumn('object_key', 'varchar(255)', (column) => column.notNull())
      .addColumn('content_type', 'varchar(255)', (column) => column.notNull())
      .addColumn('size', 'bigint', (column) => column.notNull())
      .addColumn('width', 'integer', (column) => column.notNull())
      .addColumn('height', 'integer', (column) => column.notNull())
      .addColumn('sha256', 'varchar(64)', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('file_variants_key', ['file_id', 'type']);
    await dialect.createPartitioned(db, { table: 'file_variants', by: 'file_id' }, variants);

    await db.schema
      .createTable('processing_jobs')
      .addColumn('id', 'varchar(36)', (column) => column.primaryKey())
      .addColumn('file_id', 'varchar(36)', (column) => column.notNull())
      .addColumn('owner_id', 'varchar(1020)', (column) => column.notNull())
      .addColumn('type', 'varchar(64)', (column) => column.notNull())
      .addColumn('processor', 'varchar(64)', (column) => column.notNull())
      .addColumn('options', 'text', (column) => column.notNull())
      .addColumn('counted', 'integer', (column) => column.notNull())
      .addColumn('state', 'varchar(16)', (column) => column.notNull())
      .addColumn('attempt', 'integer', (column) => column.notNull())
      .addColumn('losses', 'integer', (column) => column.notNull())
      .addColumn('due_at', 'bigint', (column) => column.notNull())
      .addColumn('announce_at', 'bigint', (column) => column.notNull())
      .addColumn('lease_token', 'varchar(36)')
      .addColumn('lease_until', 'bigint')
      .addColumn('code', 'varchar(64)')
      .addColumn('reason', 'text')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('jobs_by_file').on('processing_jobs').columns(['file_id', 'id']).execute();
    await db.schema
      .createIndex('jobs_by_owner')
      .on('processing_jobs')
      .columns(['owner_id', 'created_at', 'id'])
      .execute();
    await db.schema.createIndex('jobs_by_due').on('processing_jobs').columns(['state', 'announce_at']).execute();
    await db.schema.createIndex('jobs_by_lease').on('processing_jobs').columns(['state', 'lease_until']).execute();

    await db.schema
      .createTable('files_outbox')
      .addColumn('id', 'varchar(36)', (column) => column.primaryKey())
      .addColumn('position', 'bigint')
      .addColumn('type', 'varchar(32)', (column) => column.notNull())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('file_id', 'varchar(36)', (column) => column.notNull())
      .addColumn('owner_id', 'varchar(1020)', (column) => column.notNull())
      .addColumn('sequence', 'bigint', (column) => column.notNull())
      .addColumn('data', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute();
    await dialect.addSparseIndex(db, {
      name: 'files_outbox_by_position',
      table: 'files_outbox',
      columns: ['position'],
      where: [['position', 'is not', null]],
    });
    // Those that the relay has not numbered yet.
    await dialect.addSparseIndex(db, {
      name: 'files_outbox_unnumbered',
      table: 'files_outbox',
      columns: ['id'],
      where: [['position', 'is', null]],
    });

    await db.schema
      .createTable('files_leases')
      .addColumn('name', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('token', 'varchar(36)', (column) => column.notNull())
      .addColumn('lease_until', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('object_marks')
      .addColumn('object_key', 'varchar(255)', (column) => column.primaryKey())
      .addColumn('marked_at', 'bigint', (column) => column.notNull())
      .execute();
  },
};
