import { setTimeout as sleep } from 'node:timers/promises';
import { backoff } from '../base/backoff.ts';
import { serviceContext } from '../base/context.ts';
import { HoldfastError, hasCode } from '../base/errors.ts';
import { newId } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { ObjectStore } from '../drivers/objects/port.ts';
import type { Answers } from '../rpc/contracts.ts';
import { StartError } from './start-error.ts';

/** What the database says of the installation that it belongs to. */
export interface Installation {
  readonly id: string;
  /** No file was ever kept under it. */
  readonly fresh: boolean;
}

/**
 * Makes sure that database and object store belong together: with another's database, every object would look like an
 * orphan, and every file like a loss. A store that belongs to nobody is claimed by a database that is new, too; several
 * instances of one installation may do so at once, and of two installations one gets it.
 */
export async function checkInstallation({ id, fresh }: Installation, objects: ObjectStore): Promise<void> {
  const claimed = await objects.installation();
  if (claimed === id) return;
  if (claimed !== undefined) throw belongsToAnother();
  if (!fresh) {
    throw new StartError(
      'The database knows files, but the object store is a new one. Is the right disk mounted? ' +
        'Set STORAGE_URL and DATA_DIR to where the objects are.',
    );
  }
  await objects.claim(id).catch((error) => {
    throw hasCode(error, 'conflict') ? belongsToAnother(error) : error;
  });
}

const belongsToAnother = (cause?: unknown) =>
  new StartError(
    'The object store belongs to another database than this one. ' +
      'Set DATABASE_URL, STORAGE_URL and DATA_DIR to the two that belong together.',
    cause,
  );

const RETRY = { base: 100, max: 2_000 };
/** Milliseconds that a files service elsewhere gets to be there: services start in any order. */
const PATIENCE = 60_000;

/** Asks the files service, wherever it runs, which installation this is. Throws `StartError` where none answers. */
export async function readInstallation(
  { installation }: Pick<Answers<'files'>, 'installation'>,
  askers: readonly string[],
  log: Logger,
): Promise<Installation> {
  const until = Date.now() + PATIENCE;
  for (let attempt = 1; ; attempt++) {
    try {
      return await installation.getInstallation({}, serviceContext(askers.join(' and '), log, newId()));
    } catch (error) {
      const unreachable = error instanceof HoldfastError && error.meaning.retryable;
      if (!unreachable) throw error;
      if (Date.now() > until) throw new StartError(`The files service does not answer: ${error.detail}`, error);
      if (attempt === 1) log.info({ reason: error.detail }, 'waiting for the files service');
      await sleep(backoff(attempt, RETRY));
    }
  }
}
