import { access, constants, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';
import { reasonOf, StartError } from './start-error.ts';

/** Makes the data directory where it is not there, for us alone, and makes sure that we can write in it. */
export async function prepareDataDir(dataDir: string): Promise<void> {
  try {
    await makeFolder(dataDir);
    // Otherwise a file is something that may not be executed.
    if (!(await stat(dataDir)).isDirectory()) throw new Error('it is no folder');
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    // Only writing tells: a file system may be mounted read-only or be full, and root passes every other check.
    const probe = join(dataDir, `.write-probe-${process.pid}`);
    await writeFile(probe, 'x', { mode: 0o600 });
    // Whoever looks at the same time in this process may have taken it away.
    await rm(probe, { force: true });
  } catch (error) {
    throw new StartError(
      `DATA_DIR: cannot write to ${dataDir}: ${reasonOf(error)}. ` +
        'Let the user who runs Holdfast write there, or set DATA_DIR to another folder.',
      error,
    );
  }
}

/** Whether a server has ever had it, whatever it kept there. Throws `StartError` where one cannot look. */
export async function holdsData(dataDir: string): Promise<boolean> {
  const entries = await readdir(dataDir).catch((error): string[] => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw new StartError(
      `DATA_DIR: cannot read ${dataDir}: ${reasonOf(error)}. ` +
        'Do it as the user who runs Holdfast, or set DATA_DIR to the folder of yours.',
      error,
    );
  });
  return ['lock', 'holdfast.db', 'objects', 'secret'].some((name) => entries.includes(name));
}
