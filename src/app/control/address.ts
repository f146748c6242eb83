import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-'));
  return { path: join(folder, 'control.sock'), clear: () => rm(folder, { recursive: true, force: true }) };
}
