import { type Logger, pino } from 'pino';
import { openDatabase } from '../index.ts';
import type { DatabaseServer } from '../port.ts';

export const silent = pino({ level: 'silent' });

/** What is logged, as objects. */
export function recorder(): { readonly log: Logger; readonly lines: { level: number; msg: string }[] } {
  const lines: { level: number; msg: string }[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { log, lines };
}

export const open = (url: string, log = silent, replicaUrl?: string): Promise<DatabaseServer> =>
  openDatabase(url, { dataDir: '', log, replicaUrl });

/** The URL with other parts. */
export function changed(url: string, change: (url: URL) => void): string {
  const parsed = new URL(url);
  change(parsed);
  return parsed.href;
}
