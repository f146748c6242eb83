import { createHash } from 'node:crypto';
import { createLogger } from '../../src/base/logger.ts';
import { openObjects } from '../../src/drivers/objects/index.ts';
import { AUTH_MOVING } from '../../src/services/auth/moving.ts';
import { FILES_MOVING } from '../../src/services/files/moving.ts';
import { type Installation, query } from './inspect.ts';

const TABLES: Readonly<Record<string, { readonly columns?: object; readonly stays?: string }>> = {
  ...AUTH_MOVING,
  ...FILES_MOVING,
};

/** All rows that go along when an installation moves, by table: one line of JSON each, sorted. Small ones only. */
export async function everyRow(at: Installation): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {};
  for (const [table, { columns }] of Object.entries(TABLES)) {
    if (!columns) continue;
    const names = Object.keys(columns);
    const rows = await query<Record<string, unknown>>(at, `SELECT ${names.join(', ')} FROM ${table}`);
    all[table] = rows.map((row) => JSON.stringify(names.map((name) => row[name]))).sort();
  }
  return all;
}

/** SHA-256 of each object that a row refers to, by its key. */
export async function everyObject(at: Installation): Promise<Record<string, string>> {
  const rows = await query<{ object_key: string }>(
    at,
    `SELECT object_key FROM files WHERE object_key IS NOT NULL AND purge_reason IS NULL
     UNION ALL SELECT v.object_key FROM file_variants v JOIN files f ON f.id = v.file_id WHERE purge_reason IS NULL`,
  );
  const store = await openObjects(at.storageUrl, {
    dataDir: at.dataDirs[0] as string,
    signingKey: new Uint8Array(32),
    publicUrl: () => 'http://127.0.0.1',
    log: await createLogger({ level: 'error', pretty: false }),
  });
  try {
    const all: Record<string, string> = {};
    for (const { object_key } of rows.sort((a, b) => (a.object_key < b.object_key ? -1 : 1))) {
      const hash = createHash('sha256');
      for await (const chunk of (await store.get(object_key)).stream) hash.update(chunk);
      all[object_key] = hash.digest('hex');
    }
    return all;
  } finally {
    await store.close();
  }
}
