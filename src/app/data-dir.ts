import { access, constants, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from '../base/errors.ts';
import { reasonOf, StartError } from './start-error.ts';

/** Makes the data directory where it is not there, for us alone, and makes sure that we can write in it. */
export async function prepareDataDir(dataDir: string): Promise<void> {
  try {
    await makeFolder(dataDir);
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    // Only writing tells: a file system may be mounted read-only or be full, and root passes every other check.
    const probe = join(dataDir, `.write-probe-${process.pid}`);
    await writeFile(probe, 'x', { mode: 0o600 });
    await rm(probe);
  } catch (error) {
    throw new StartError(
      `DATA_DIR: cannot write to ${dataDir}: ${reasonOf(error)}. ` +
        'Let the user who runs Holdfast write there, or set DATA_DIR to another folder.',
      error,
    );
  }
}

/**
 * Makes a folder and those above it. `mkdir` with `recursive` does not come back where a folder is there in which none
 * can be made (`/proc`): it takes ENOENT to mean that one above is missing, and tries again for ever.
 */
async function makeFolder(path: string): Promise<void> {
  if (await stat(path).catch(() => undefined)) return;
  await makeFolder(dirname(path));
  await mkdir(path, { mode: 0o700 }).catch((error) => {
    // Another has made it in between.
    if (errnoOf(error) !== 'EEXIST') throw error;
  });
}

/** Whether a server has ever had it, whatever it kept there. */
export async function holdsData(dataDir: string): Promise<boolean> {
  const entries = await readdir(dataDir).catch((): string[] => []);
  return ['lock', 'holdfast.db', 'objects', 'secret'].some((name) => entries.includes(name));
}
