import type { Kysely } from 'kysely';
import { requireService } from '../access.ts';
import type { MaintenanceVerb } from '../deps.ts';
import { fileOfKey } from '../keys.ts';
import type { FilesTables } from '../tables.ts';
import { MAX_PAGE } from './list-purgeable.ts';

/** A marked object is left alone for so long: whatever writes objects has written its row by then. Milliseconds. */
const GRACE = 24 * 3600_000;

/** The keys of our pattern that no row refers to. Any other key is none of our business. */
async function unreferenced(db: Kysely<FilesTables>, keys: readonly string[]): Promise<string[]> {
  const ours = keys.filter((key) => fileOfKey(key) !== undefined);
  if (ours.length === 0) return [];
  const fileIds = [...new Set(ours.map((key) => fileOfKey(key) as string))];
  // Uploads first: one that is confirmed meanwhile is seen here or as a file, if not as both.
  const uploads = await db
    .selectFrom('uploads')
    .select(['source_key', 'target_key'])
    .where('file_id', 'in', fileIds)
    .execute();
  const [files, variants] = await Promise.all([
    db.selectFrom('files').select('object_key').where('id', 'in', fileIds).execute(),
    db.selectFrom('file_variants').select('object_key').where('file_id', 'in', fileIds).execute(),
  ]);
  const referenced = new Set<string | null>([
    ...files.map((row) => row.object_key),
    ...uploads.flatMap((row) => [row.source_key, row.target_key]),
    ...variants.map((row) => row.object_key),
  ]);
  return ours.filter((key) => !referenced.has(key));
}

export const reviewObjects: MaintenanceVerb<'reviewObjects'> =
  ({ db }) =>
  async ({ keys, dryRun }, context) => {
    requireService(context);
    const found = await unreferenced(db.reader, keys);
    if (dryRun || found.length === 0) return { unreferenced: found };
    const now = await db.now();
    await db.unit(async (tx) => {
      // In one order, so that two janitors do not wait for each other.
      const marks = found.toSorted().map((key) => ({ object_key: key, marked_at: now }));
      await db.dialect.insertIfAbsent(tx, 'object_marks', marks, ['object_key']);
    });
    return { unreferenced: found };
  };

export const listOrphans: MaintenanceVerb<'listOrphans'> =
  ({ db }) =>
  async ({ after, limit }, context) => {
    requireService(context);
    const now = await db.now();
    const rows = await db.reader
      .selectFrom('object_marks')
      .select('object_key')
      .where('object_key', '>', after)
      .where('marked_at', '<=', now - GRACE)
      .orderBy('object_key')
      .limit(Math.min(Math.max(limit, 1), MAX_PAGE))
      .execute();
    const keys = rows.map((row) => row.object_key);
    const still = await unreferenced(db.reader, keys);
    // A row refers to it by now: it is no orphan, and its mark would only mislead.
    const adopted = keys.filter((key) => !still.includes(key));
    if (adopted.length > 0) await forget(db, adopted);
    return { keys: still };
  };

export const forgetOrphans: MaintenanceVerb<'forgetOrphans'> =
  ({ db }) =>
  async ({ keys }, context) => {
    requireService(context);
    if (keys.length > 0) await forget(db, keys);
    return {};
  };

const forget = (db: Parameters<typeof forgetOrphans>[0]['db'], keys: readonly string[]) =>
  db.unit((tx) => tx.deleteFrom('object_marks').where('object_key', 'in', keys).execute());
