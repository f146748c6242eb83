import { pino } from 'pino';
import { openDatabase } from './index.ts';
import type { DatabaseServer } from './port.ts';

export const silent = pino({ level: 'silent' });

/** Opens a server that is no file in a data directory. */
export const open = (url: string, log = silent, replicaUrl?: string): Promise<DatabaseServer> =>
  openDatabase(url, { dataDir: '', log, replicaUrl });

/** The URL with other parts. */
export function changed(url: string, change: (url: URL) => void): string {
  const parsed = new URL(url);
  change(parsed);
  return parsed.href;
}
