import { expect } from 'vitest';
import { createLogger } from '../../../src/base/logger.ts';
import { openObjects } from '../../../src/drivers/objects/index.ts';
import type { ObjectInfo } from '../../../src/drivers/objects/port.ts';
import { type Installation, query, scratchFiles, storedFiles } from '../../harness/inspect.ts';
import { until } from '../../harness/until.ts';

interface Referenced {
  readonly object_key: string;
  readonly size: number;
}

async function allObjects({ storageUrl, dataDirs }: Installation): Promise<Map<string, ObjectInfo>> {
  const store = await openObjects(storageUrl, {
    dataDir: dataDirs[0] as string,
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

const referencedObjects = (at: Installation) =>
  query<Referenced>(
    at,
    `SELECT object_key, size FROM files WHERE object_key IS NOT NULL AND purge_reason IS NULL
     UNION ALL SELECT v.object_key, v.size FROM file_variants v JOIN files f ON f.id = v.file_id WHERE purge_reason IS NULL`,
  );

/** Rows that claim bytes which are not there. Nothing mends that, so it may never be. */
export async function missingObjects(at: Installation): Promise<string[]> {
  const objects = await allObjects(at);
  return (await referencedObjects(at))
    .filter(({ object_key, size }) => objects.get(object_key)?.size !== size)
    .map(({ object_key, size }) => `${object_key} should have ${size} bytes, it has ${objects.get(object_key)?.size}`);
}

/** Asserts the same of a stack at work, where what was listed a moment ago may be right and no more so. */
export async function nothingMissing(at: Installation): Promise<void> {
  let missing: string[] = [];
  await until('every row to have its object', async () => {
    missing = await missingObjects(at);
    return missing.length === 0;
  }).catch(() => expect(missing).toEqual([]));
}

/** What a stopped stack still has though nothing refers to it: to be asked when the janitor has run past all expiries. */
export async function leftovers(at: Installation): Promise<string[]> {
  const referenced = new Set((await referencedObjects(at)).map(({ object_key }) => object_key));
  const objects = await allObjects(at);
  const orphans = [...objects.keys()].filter((key) => !referenced.has(key)).map((key) => `orphan object ${key}`);
  // S3 tells the age of these by its own clock, and those that no row knows go a day after their time.
  const unfinished = (at.storageUrl.startsWith('s3:') ? [] : await storedFiles(at))
    .filter((path) => /[/\\](tmp|uploads)[/\\]/.test(path))
    .map((path) => `unfinished ${path}`);
  const scratch = (await scratchFiles(at)).map((path) => `scratch file ${path}`);
  const pending = await query<{ id: string; name: string }>(
    at,
    "SELECT id, name FROM files WHERE status = 'pending' OR purge_reason IS NOT NULL",
  );
  return [...orphans, ...unfinished, ...scratch, ...pending.map(({ id, name }) => `row of ${name} (${id})`)];
}
