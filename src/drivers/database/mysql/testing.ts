import { type Logger, pino } from 'pino';

export { changed, open, silent } from '../testing.ts';

/** What is logged, as objects. */
export function recorder(): { readonly log: Logger; readonly lines: { level: number; msg: string }[] } {
  const lines: { level: number; msg: string }[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { log, lines };
}
