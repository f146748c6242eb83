import { setTimeout as sleep } from 'node:timers/promises';
import { backoff } from '../base/backoff.ts';
import { serviceContext } from '../base/context.ts';
import { HoldfastError, hasCode } from '../base/errors.ts';
import { newId } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { DatabaseServer } from '../drivers/database/port.ts';
import type { ObjectStore } from '../drivers/objects/port.ts';
import type { Answers } from '../rpc/contracts.ts';
import type { FilesTables } from '../services/files/tables.ts';
import { migrationStates } from './migrations.ts';
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
export async function checkInstallation(installation: Installation, objects: ObjectStore): Promise<void> {
  const claimed = await objects.installation();
  refuseOther(installation, claimed);
  if (claimed !== undefined) return;
  await objects.claim(installation.id).catch((error) => {
    throw hasCode(error, 'conflict') ? belongsToAnother(error) : error;
  });
}

/** Throws `StartError` where a store is of no use to the installation of a database. Undefined is one that is yet to be. */
export function refuseOther(installation: Installation | undefined, ofStore: string | undefined): void {
  if (ofStore !== undefined && ofStore !== installation?.id) throw belongsToAnother();
  if (ofStore === undefined && installation?.fresh === false) {
    throw new StartError(
      'The database knows files, but the object store is a new one. Is the right disk mounted? ' +
        'Set STORAGE_URL and DATA_DIR to where the objects are.',
    );
  }
}

/** The installation of a database as it stands, whatever its version; undefined where it is yet to be. Makes none. */
export async function knownInstallation(database: DatabaseServer): Promise<Installation | undefined> {
  const ran = (await migrationStates(database)).filter(({ appliedAt }) => appliedAt !== undefined);
  if (!ran.some(({ service }) => service === 'files')) return undefined;
  const { reader } = database.view<Pick<FilesTables, 'files_installation' | 'owners'>>();
  const known = await reader
    .selectFrom('files_installation')
    .select('id')
    .orderBy('created_at')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  if (!known) return undefined;
  const owner = await reader.selectFrom('owners').select('owner_id').limit(1).executeTakeFirst();
  return { id: known.id, fresh: owner === undefined };
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
