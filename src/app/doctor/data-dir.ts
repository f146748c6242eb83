import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { formatSize } from '../../base/units.ts';
import { holdsData, prepareDataDir } from '../data-dir.ts';
import { reasonOf, StartError } from '../start-error.ts';
import { type Finding, failed, ok, warning } from './finding.ts';

const NAME = 'data directory';
/** Less free space than this is soon used up. */
const LITTLE = 1024 ** 3;

/** Whether the data directory can be written, or made where it is not there yet; it is not made. */
export async function examineDataDir(dataDir: string): Promise<Finding> {
  const parent = await nearestFolder(dataDir);
  try {
    if (parent === dataDir) await prepareDataDir(dataDir);
    else await access(parent, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof StartError) throw error;
    return failed(
      NAME,
      `${dataDir} cannot be made: ${reasonOf(error)}.`,
      `Let this user write to ${parent}, or set DATA_DIR to another folder.`,
    );
  }
  const { bavail, bsize } = await statfs(parent);
  const free = `${formatSize(bavail * bsize)} free`;
  const state = (await holdsData(dataDir)) ? 'writable' : 'new';
  if (bavail * bsize >= LITTLE) return ok(NAME, `${dataDir}: ${state}, ${free}`);
  return warning(NAME, `${dataDir}: only ${free}`, 'Make room, or set DATA_DIR to a larger disk.');
}

async function nearestFolder(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found || dirname(path) === path ? path : nearestFolder(dirname(path));
}
