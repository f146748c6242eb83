import { createLogger } from '../../../src/base/logger.ts';
import { openObjects } from '../../../src/drivers/objects/index.ts';
import type { ObjectInfo } from '../../../src/drivers/objects/port.ts';
import { query, scratchFiles, storedFiles } from '../../harness/inspect.ts';

interface Referenced {
  readonly object_key: string;
  readonly size: number;
}

async function allObjects(dataDir: string): Promise<Map<string, ObjectInfo>> {
  const store = await openObjects('file:', {
    dataDir,
    signingKey: new Uint8Array(32),
    publicUrl: () => 'http://127.0.0.1',
    log: await createLogger({ level: 'error', pretty: false }),
  });
  try {
    const found = new Map<string, ObjectInfo>();
    for (let after = ''; ; ) {
      const page = await store.list('', { after, limit: 1_000 });
      for (const object of page) found.set(object.key, object);
      const last = page.at(-1);
      if (!last) return found;
      after = last.key;
    }
  } finally {
    await store.close();
  }
}

const referencedObjects = (dataDir: string) =>
  query<Referenced>(
    dataDir,
    `SELECT object_key, size FROM files WHERE object_key IS NOT NULL AND purge_reason IS NULL
     UNION ALL SELECT v.object_key, v.size FROM file_variants v JOIN files f ON f.id = v.file_id WHERE purge_reason IS NULL`,
  );

/** Rows that claim bytes which are not there. Nothing mends that, so it may never be. */
export async function missingObjects(dataDir: string): Promise<string[]> {
  const objects = await allObjects(dataDir);
  return referencedObjects(dataDir)
    .filter(({ object_key, size }) => objects.get(object_key)?.size !== size)
    .map(({ object_key, size }) => `${object_key} should have ${size} bytes, it has ${objects.get(object_key)?.size}`);
}

/** What a stopped stack still has though nothing refers to it: to be asked when the janitor has run past all expiries. */
export async function leftovers(dataDir: string): Promise<string[]> {
  const referenced = new Set(referencedObjects(dataDir).map(({ object_key }) => object_key));
  const objects = await allObjects(dataDir);
  const orphans = [...objects.keys()].filter((key) => !referenced.has(key)).map((key) => `orphan object ${key}`);
  const unfinished = (await storedFiles(dataDir))
    .filter((path) => /[/\\](tmp|uploads)[/\\]/.test(path))
    .map((path) => `unfinished ${path}`);
  const scratch = (await scratchFiles(dataDir)).map((path) => `scratch file ${path}`);
  const pending = query<{ id: string; name: string }>(
    dataDir,
    "SELECT id, name FROM files WHERE status = 'pending' OR purge_reason IS NOT NULL",
  ).map(({ id, name }) => `row of ${name} (${id})`);
  return [...orphans, ...unfinished, ...scratch, ...pending];
}
