import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
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

/** Every file in folders of the data directory, with its path: what the object store has on disk, finished or not. */
export async function storedFiles(dataDir: string): Promise<string[]> {
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.parentPath !== dataDir)
    .map((entry) => relative(dataDir, join(entry.parentPath, entry.name)))
    .sort();
}
