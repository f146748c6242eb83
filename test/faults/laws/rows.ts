import { type Installation, withDatabase } from '../../harness/inspect.ts';

/**
 * Rows that contradict each other: each query answers those that do, and what is wrong with them. In the SQL that all
 * databases understand.
 */
const CONTRADICTIONS: Readonly<Record<string, string>> = {
  'used is not the sum of confirmed files': `
    SELECT * FROM (SELECT owner_id, used,
      (SELECT COALESCE(SUM(size), 0) FROM files f WHERE f.owner_id = o.owner_id AND status = 'uploaded') AS total
      FROM owners o) seen WHERE used <> total`,
  'held is not the sum of open uploads': `
    SELECT * FROM (SELECT owner_id, held,
      (SELECT COALESCE(SUM(held), 0) FROM uploads u WHERE u.owner_id = o.owner_id) AS total
      FROM owners o) seen WHERE held <> total`,
  'a confirmed file has no object, or still an upload': `
    SELECT id, object_key FROM files f WHERE status = 'uploaded'
    AND (object_key IS NULL OR EXISTS (SELECT 1 FROM uploads u WHERE u.file_id = f.id))`,
  'a pending file has an object or no upload': `
    SELECT id, object_key FROM files f WHERE status = 'pending'
    AND (object_key IS NOT NULL OR NOT EXISTS (SELECT 1 FROM uploads u WHERE u.file_id = f.id))`,
  'the counters are not those of the jobs': `
    SELECT * FROM (SELECT id, jobs_total, jobs_finished, jobs_failed,
      (SELECT COUNT(*) FROM processing_jobs j WHERE j.file_id = f.id AND counted = 1) AS total,
      (SELECT COUNT(*) FROM processing_jobs j WHERE j.file_id = f.id AND counted = 1 AND state = 'succeeded') AS finished,
      (SELECT COUNT(*) FROM processing_jobs j WHERE j.file_id = f.id AND counted = 1 AND state = 'dead') AS failed
      FROM files f WHERE deleted_at IS NULL) seen
    WHERE jobs_total <> total OR jobs_finished <> finished OR jobs_failed <> failed`,
  'a job succeeded and its variant is missing': `
    SELECT id, file_id, type FROM processing_jobs j WHERE state = 'succeeded'
    AND NOT EXISTS (SELECT 1 FROM file_variants v WHERE v.file_id = j.file_id AND v.type = j.type)`,
  'a variant stands twice, or belongs to no file': `
    SELECT file_id, type, COUNT(*) AS times FROM file_variants v GROUP BY file_id, type
    HAVING COUNT(*) > 1 OR NOT EXISTS (SELECT 1 FROM files f WHERE f.id = v.file_id)`,
  'a confirmed file has no event of it, or two': `
    SELECT * FROM (SELECT id,
      (SELECT COUNT(*) FROM files_outbox e WHERE e.file_id = f.id AND type = 'file.uploaded') AS times
      FROM files f WHERE status = 'uploaded') seen WHERE times <> 1`,
  'the events of a file have a gap': `
    SELECT file_id, COUNT(*) AS times, MAX(sequence) AS latest FROM files_outbox
    GROUP BY file_id HAVING COUNT(*) <> MAX(sequence)`,
  'two events have one position': `
    SELECT position FROM files_outbox WHERE position IS NOT NULL GROUP BY position HAVING COUNT(*) > 1`,
};

export const contradictions = (at: Installation): Promise<string[]> =>
  withDatabase(at, async ({ run }) => {
    const found: string[] = [];
    for (const [what, sql] of Object.entries(CONTRADICTIONS)) {
      found.push(...(await run(sql)).map((row) => `${what}: ${JSON.stringify(row)}`));
    }
    return found;
  });
