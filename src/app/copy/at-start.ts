import type { Logger } from '../../base/logger.ts';
import type { DatabaseServer } from '../../drivers/database/port.ts';
import { StartError } from '../start-error.ts';
import { readFreeze } from './freeze.ts';
import { readTarget } from './target.ts';

/**
 * What a copy says to a server that starts, once the tables are there. Throws on a copy that is not complete; answers
 * whether writers are refused.
 */
export async function checkCopy(database: DatabaseServer, log: Logger): Promise<{ readonly frozen: boolean }> {
  const target = await readTarget(database);
  if (target && target.completed_at === null) {
    throw new StartError(
      'DATABASE_URL: a copy of an installation was begun here and is not complete. ' +
        'Run the same "holdfast copy" again, which goes on with it, or empty the database and the object store.',
    );
  }
  const freeze = await readFreeze(database);
  if (freeze?.movedAt !== undefined) {
    log.warn(
      `This installation was moved elsewhere on ${new Date(freeze.movedAt).toISOString()}: it serves what it has and ` +
        'refuses changes. "holdfast copy --thaw --from …" takes it into use again.',
    );
  }
  return { frozen: freeze !== undefined };
}
