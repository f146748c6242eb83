import { createHash } from 'node:crypto';
import { lstat, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errnoOf } from '../../base/errors.ts';

/** What every system takes for the path of a Unix socket: macOS has room for 104 bytes with the closing NUL. */
const LONGEST_PATH = 100;

export interface ControlAddress {
  readonly path: string;
  /** Removes what stands there. */
  clear(): Promise<void>;
}

/**
 * A place for the socket where the server that has this data directory takes commands, with nothing there now: what a
 * server that was killed left is removed. Nobody but its own user can get there.
 */
export async function controlAddress(dataDir: string): Promise<ControlAddress> {
  if (process.platform === 'win32') {
    return { path: `\\\\.\\pipe\\holdfast-${process.pid}`, clear: async () => {} };
  }
  const path = join(dataDir, 'control.sock');
  if (Buffer.byteLength(path) <= LONGEST_PATH) {
    const clear = () => rm(path, { force: true });
    await clear();
    return { path, clear };
  }
  const folder = await ownFolder(dataDir);
  const short = join(folder, 'control.sock');
  await rm(short, { force: true });
  return { path: short, clear: () => rm(folder, { recursive: true, force: true }) };
}

/** The same for a data directory each time, so that what a server that was killed left is used and not added to. */
async function ownFolder(dataDir: string): Promise<string> {
  const digest = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const folder = join(tmpdir(), `holdfast-${digest}`);
  try {
    await mkdir(folder, { mode: 0o700 });
    return folder;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  // Others may write to that place too, and have made something of this name there.
  const found = await lstat(folder);
  const isOurs = found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
  return isOurs ? folder : mkdtemp(`${folder}-`);
}
