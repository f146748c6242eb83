import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Coloured lines for a person; otherwise one JSON object a line. */
  readonly pretty: boolean;
  /** A command whose output is read by a program logs to `stderr`. Default: `stdout`. */
  readonly to?: 'stdout' | 'stderr';
}

/** Lines are written many at a time: after so many bytes, or milliseconds. What waits is written when the process ends. */
const GATHER = { minLength: 4096, periodicFlush: 50 };

/** The root logger. Services log through children of it, named by `service`; what is secret is never handed to it. */
export async function createLogger({ level, pretty, to = 'stdout' }: LoggerOptions): Promise<Logger> {
  const descriptor = to === 'stdout' ? 1 : 2;
  const options = {
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: ['req.headers.authorization', 'req.headers.cookie'],
  };
  if (!pretty) return pino(options, pino.destination({ dest: descriptor, sync: false, ...GATHER }));
  const { default: prettyStream } = await import('pino-pretty');
  return pino(
    options,
    prettyStream({
      colorize: true,
      destination: descriptor,
      // A terminal is read by a person, who wants the last lines too when the process ends.
      sync: true,
      translateTime: 'SYS:HH:MM:ss.l',
      ignore: 'service',
      messageFormat: '{if service}[{service}] {end}{msg}',
    }),
  );
}
