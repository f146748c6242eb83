import { stat, statfs } from 'node:fs/promises';
import { formatSize } from '../../base/units.ts';
import { holdsData, prepareDataDir } from '../data-dir.ts';
import { type Finding, failed, ok, warning } from './finding.ts';
import { nearestThere, whyNotMade } from './making.ts';

const NAME = 'data directory';
/** Less free space than this is soon used up. */
const LITTLE = 1024 ** 3;

/** Whether the data directory can be written, or made where it is not there yet; it is not made. */
export async function examineDataDir(dataDir: string): Promise<Finding> {
  if (await stat(dataDir).catch(() => undefined)) {
    await prepareDataDir(dataDir);
  } else {
    const reason = await whyNotMade(dataDir);
    if (reason !== undefined) {
      const remedy = 'Let this user make folders there, or set DATA_DIR to another folder.';
      return failed(NAME, `${dataDir} cannot be made; ${reason}.`, remedy);
    }
  }
  const { bavail, bsize } = await statfs(await nearestThere(dataDir));
  const free = `${formatSize(bavail * bsize)} free`;
  const state = (await holdsData(dataDir)) ? 'writable' : 'new';
  if (bavail * bsize >= LITTLE) return ok(NAME, `${dataDir}: ${state}, ${free}`);
  return warning(NAME, `${dataDir}: only ${free}`, 'Make room, or set DATA_DIR to a larger disk.');
}
