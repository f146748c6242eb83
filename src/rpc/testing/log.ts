import { Writable } from 'node:stream';
import { pino } from 'pino';
import type { Logger } from '../../base/logger.ts';

export const SILENT: Logger = pino({ level: 'silent' });

/** A logger and what it has said. */
export function listeningLog(): { readonly log: Logger; readonly lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  return { log: pino({ level: 'debug', base: undefined }, stream), lines };
}
