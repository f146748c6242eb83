import { readdirSync, renameSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface OwnerRow {
  readonly owner_id: string;
  readonly used: number;
  readonly held: number;
}

/** Reads the database of a stack, also while a server has it, and lets go of it at once. */
export function query<Row>(dataDir: string, sql: string, ...values: (string | number)[]): Row[] {
  const database = new DatabaseSync(join(dataDir, 'holdfast.db'), { readOnly: true });
  try {
    return database.prepare(sql).all(...values) as Row[];
  } finally {
    database.close();
  }
}

/** What one owner uses and holds of the quota. */
export function quotaOf(dataDir: string, ownerId: string): Pick<OwnerRow, 'used' | 'held'> {
  const [row] = query<OwnerRow>(dataDir, 'SELECT used, held FROM owners WHERE owner_id = ?', ownerId);
  return { used: row?.used ?? 0, held: row?.held ?? 0 };
}

async function filesIn(dataDir: string): Promise<string[]> {
  const uploads = join(dataDir, 'objects', 'uploads');
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => (entry.isFile() ? entry.parentPath !== dataDir : entry.parentPath === uploads))
    .map((entry) => relative(dataDir, join(entry.parentPath, entry.name)))
    .sort();
}

const ofTheStore = (path: string) => path.startsWith(`objects${sep}`);

/** What the object store has on disk, finished or not: files, and multipart uploads under way, which are folders. */
export const storedFiles = async (dataDir: string): Promise<string[]> => (await filesIn(dataDir)).filter(ofTheStore);

/** What processing has on disk, but for its fonts, which each start lays out anew. */
export const scratchFiles = async (dataDir: string): Promise<string[]> =>
  (await filesIn(dataDir)).filter((path) => !ofTheStore(path) && !path.includes(`${sep}fonts${sep}`));

/** Columns that say when something ends or begins, by what it is for. */
const TIMES: Readonly<Record<string, readonly string[]>> = {
  uploads: ['lease_until', 'created_at', 'expires_at'],
  idempotency_keys: ['lease_until', 'expires_at'],
  processing_jobs: ['lease_until', 'due_at', 'announce_at'],
  files_leases: ['lease_until'],
  files: ['deleted_at', 'expires_at'],
  object_marks: ['marked_at'],
};

/** Lets time pass for a stack that is stopped, as if it were started that much later. */
export function passTime(dataDir: string, milliseconds: number): void {
  const database = new DatabaseSync(join(dataDir, 'holdfast.db'));
  try {
    for (const [table, columns] of Object.entries(TIMES)) {
      const changes = columns.map((column) => `${column} = ${column} - ${milliseconds}`);
      database.exec(`UPDATE ${table} SET ${changes.join(', ')}`);
    }
    // How old a multipart upload is tells its id alone.
    const uploads = join(dataDir, 'objects', 'uploads');
    const rename = database.prepare('UPDATE uploads SET multipart_id = ? WHERE multipart_id = ?');
    for (const name of readdirSync(uploads)) {
      const [id = '', ...key] = name.split('~');
      const older = olderId(id, milliseconds);
      renameSync(join(uploads, name), join(uploads, [older, ...key].join('~')));
      rename.run(older, id);
    }
  } finally {
    database.close();
  }
}

/** The id as it were had it been made earlier: a UUIDv7 begins with the time (RFC 9562, 5.7). */
function olderId(id: string, milliseconds: number): string {
  const time = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) - milliseconds;
  const hex = time.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}${id.slice(13)}`;
}
