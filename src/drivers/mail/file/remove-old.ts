import { opendir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Removes mails that were written before then (milliseconds since 1970, UTC), and leaves alone what is none. */
export async function removeMailsBefore(time: number, folder: string, signal: AbortSignal): Promise<void> {
  for await (const entry of await opendir(folder)) {
    signal.throwIfAborted();
    if (!entry.isFile() || !entry.name.endsWith('.eml')) continue;
    const path = join(folder, entry.name);
    if ((await stat(path)).mtimeMs < time) await rm(path);
  }
}
