import { hasCode } from '../base/errors.ts';
import type { ObjectStore } from '../drivers/objects/port.ts';
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
