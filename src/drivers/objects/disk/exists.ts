import { stat } from 'node:fs/promises';
import { errnoOf } from '../../../base/errors.ts';

/** Whether something stands at a path. */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
