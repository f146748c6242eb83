import { query } from '../../harness/inspect.ts';

/** Rows that contradict each other: each query answers those that do, and what is wrong with them. */
const CONTRADICTIONS: Readonly<Record<string, string>> = {
  'used is not the sum of confirmed files': `
    SELECT owner_id, used, (SELECT COALESCE(SUM(size), 0) FROM files f WHERE f.owner_id = o.owner_id AND status = 'uploaded') AS sum
    FROM owners o WHERE used <> sum`,
  'held is not the sum of open uploads': `
    SELECT owner_id, held, (SELECT COALESCE(SUM(held), 0) FROM uploads u WHERE u.owner_id = o.owner_id) AS sum
    FROM owners o WHERE held <> sum`,
  'a confirmed file has no object, or still an upload': `
    SELECT id, object_key FROM files f WHERE status = 'uploaded'
    AND (object_key IS NULL OR EXISTS (SELECT 1 FROM uploads u WHERE u.file_id = f.id))`,
  'a pending file has an object or no upload': `
    SELECT id, object_key FROM files f WHERE status = 'pending'
    AND (object_key IS NOT NULL OR NOT EXISTS (SELECT 1 FROM uploads u WHERE u.file_id = f.id))`,
  'the counters are not those of the jobs': `
    SELECT id, jobs_total, jobs_finished, jobs_failed,
      (SELECT COUNT(*) FROM processing_jobs j WHERE j.file_id = f.id AND counted = 1) AS total,
      (SELECT COUNT(*) FROM processing_jobs j WHERE j.file_id = f.id AND counted = 1 AND state = 'succeeded') AS finished,
      (SELECT COUNT(*) FROM processing_jobs j WHERE j.file_id = f.id AND counted = 1 AND state = 'dead') AS failed
    FROM files f WHERE deleted_at IS NULL AND (jobs_total <> total OR jobs_finished <> finished OR jobs_failed <> failed)`,
  'a job succeeded and its variant is missing': `
    SELECT id, file_id, type FROM processing_jobs j WHERE state = 'succeeded'
    AND NOT EXISTS (SELECT 1 FROM file_variants v WHERE v.file_id = j.file_id AND v.type = j.type)`,
  'a variant belongs to no file': `
    SELECT file_id, type FROM file_variants v WHERE NOT EXISTS (SELECT 1 FROM files f WHERE f.id = v.file_id)`,
  'a confirmed file has no event of it, or two': `
    SELECT id, (SELECT COUNT(*) FROM files_outbox e WHERE e.file_id = f.id AND type = 'file.uploaded') AS events
    FROM files f WHERE status = 'uploaded' AND events <> 1`,
  'the events of a file have a gap': `
    SELECT file_id, COUNT(*) AS events, MAX(sequence) AS last FROM files_outbox GROUP BY file_id HAVING events <> last`,
  'two events have one position': `
    SELECT position FROM files_outbox WHERE position IS NOT NULL GROUP BY position HAVING COUNT(*) > 1`,
};

export function contradictions(dataDir: string): string[] {
  return Object.entries(CONTRADICTIONS).flatMap(([what, sql]) =>
    query(dataDir, sql).map((row) => `${what}: ${JSON.stringify(row)}`),
  );
}
