import { sql } from 'kysely';
import { newId } from '../../../base/ids.ts';
import type { Database } from '../../../drivers/database/port.ts';
import type { FilesOutboxTable, FilesTable, FilesTables, FileVariantsTable, ProcessingJobsTable } from '../tables.ts';

export const DAY = 24 * 3600_000;
/** When the rows were written. */
export const NOW = 1_800_000_000_000;
/** Has most of the files. */
export const OWNER = 'ada';

const FILES = 60_000;
const JOBS = 20_000;
const VARIANTS = 20_000;
const EVENTS = 5_000;
const AT_ONCE = 400;

const WORDS = ['img', 'scan', 'report', 'holiday', 'invoice', 'video', 'draft', 'photo', 'mail', 'note'];

const hasHash = (number: number) => number % 500 !== 9;

function file(number: number): FilesTable {
  const id = newId();
  const owner = number % 2 === 0 ? OWNER : `owner ${number % 997}`;
  const word = number % 3_000 === 4 ? 'needle' : WORDS[number % WORDS.length];
  const name = `${word} ${(number * 7919) % FILES}.jpg`;
  const at = NOW - 60 * DAY + number * 60_000;
  const purged = number % 20 === 3;
  return {
    id,
    owner_id: owner,
    owner_key: owner,
    name,
    name_key: name,
    folder: `folder ${number % 40}`,
    content_type: 'image/jpeg',
    size: (number * 104_729) % 10_000_019,
    sha256: hasHash(number) ? 'a'.repeat(64) : null,
    metadata: '{}',
    status: number % 100 === 50 ? 'pending' : 'uploaded',
    visibility: 'private',
    object_key: `${owner}/${id}/original.jpg`,
    jobs_total: 0,
    jobs_finished: 0,
    jobs_failed: 0,
    attempts: 0,
    apart: 0,
    sequence: 0,
    created_at: at,
    updated_at: at,
    uploaded_at: at,
    deleted_at: purged || number % 12 === 2 ? at : null,
    expires_at: number % 15 === 5 ? at + DAY : null,
    purge_reason: purged ? (number % 40 === 3 ? 'deleted' : 'abandoned') : null,
  };
}

function job(number: number): ProcessingJobsTable {
  const at = NOW - number * 1_000;
  const state =
    number % 20 === 0 ? 'queued' : number % 20 === 1 ? 'failed' : number % 50 === 2 ? 'running' : 'succeeded';
  return {
    id: newId(),
    file_id: newId(),
    owner_id: OWNER,
    type: 'small',
    processor: 'resize',
    options: '{}',
    counted: 1,
    state,
    attempt: 1,
    losses: 0,
    due_at: at,
    announce_at: at,
    lease_token: state === 'running' ? 'token' : null,
    lease_until: state === 'running' ? at : null,
    code: null,
    reason: null,
    created_at: at,
    updated_at: at,
  };
}

const variant = (number: number): FileVariantsTable => ({
  file_id: newId(),
  type: 'small',
  object_key: 'key',
  content_type: 'image/webp',
  size: number,
  width: 1,
  height: 1,
  sha256: 'a'.repeat(64),
  created_at: NOW,
});

const event = (number: number): FilesOutboxTable => ({
  id: newId(),
  position: number < EVENTS - 100 ? number + 1 : null,
  type: 'file.uploaded',
  version: 1,
  file_id: 'file',
  owner_id: OWNER,
  sequence: 1,
  data: '{}',
  created_at: NOW - (EVENTS - number) * 60_000,
});

/** Fills the tables, and has the database look at what is in them. */
export async function fillTables(db: Database<FilesTables>): Promise<void> {
  await fill(FILES, file, (tx, rows) => tx.insertInto('files').values(rows).execute());
  await fill(JOBS, job, (tx, rows) => tx.insertInto('processing_jobs').values(rows).execute());
  await fill(VARIANTS, variant, (tx, rows) => tx.insertInto('file_variants').values(rows).execute());
  await fill(EVENTS, event, (tx, rows) => tx.insertInto('files_outbox').values(rows).execute());
  await db.unit(async (tx) => {
    const tables = ['files', 'file_variants', 'processing_jobs', 'files_outbox'].map((table) => sql.table(table));
    if (db.dialect.name === 'mysql') for (const table of tables) await sql`analyze table ${table}`.execute(tx);
    else for (const table of tables) await sql`analyze ${table}`.execute(tx);
  });

  async function fill<Row>(
    count: number,
    row: (number: number) => Row,
    insert: (tx: Parameters<Parameters<typeof db.unit>[0]>[0], rows: Row[]) => Promise<unknown>,
  ) {
    for (let first = 0; first < count; first += AT_ONCE) {
      const rows = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, index) => row(first + index));
      await db.unit((tx) => insert(tx, rows));
    }
  }
}
