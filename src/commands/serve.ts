import { Command } from 'commander';
import type { Served } from '../app/house.ts';
import { createLogger, type Logger } from '../base/logger.ts';
import type { CommandContext } from './context.ts';
import { servicesArgument } from './services-argument.ts';
import { welcome } from './welcome.ts';

const HELP = `
Runs all services in one process, or those that are named, until it is told to stop. Those that are called and not
named are called at AUTH_URL, FILES_URL and STORAGE_SERVICE_URL, over gRPC with mutual TLS. SIGTERM and SIGINT (Ctrl-C)
stop it gracefully: requests and jobs under way end or are handed back. A second signal ends it at once.

Examples:
  holdfast serve
  HOST=0.0.0.0 SIGNUP=closed holdfast serve
  LOG_LEVEL=debug holdfast serve | tee holdfast.log
  FILES_URL=files.internal:9001 holdfast serve processor`;

export const serveCommand = (context: CommandContext): Command =>
  new Command('serve')
    .description('Run the server.')
    .addArgument(servicesArgument('those that run in this process (default: all)'))
    .addHelpText('after', HELP)
    .action(async (services: Served[]) => {
      const config = context.config();
      const [log, { startHoldfast }] = await Promise.all([
        createLogger({ level: config.logLevel, pretty: process.stdout.isTTY === true }),
        import('../app/start.ts'),
      ]);
      crashLoudly(log);
      const stopping = firstStopSignal();
      const holdfast = await startHoldfast(config, {
        log,
        ...(services.length > 0 && { services }),
      });
      welcome(holdfast, services, config, log);
      log.info({ signal: await stopping }, 'stopping');
      await holdfast.stop();
      log.info('stopped');
      await flushed(log);
      // Whatever still holds the process open has no say any more.
      process.exit(0);
    });

/**
 * One press of Ctrl-C, or one stop of a service manager, comes several times where npm and a shell stand above us and
 * each pass it on. Signals so close together (milliseconds) are one.
 */
const ONE_SIGNAL = 1_000;

/** Resolves with the first signal to stop; one that comes later ends the process at once. */
function firstStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first: number | undefined;
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.on(name, () => {
        const now = performance.now();
        if (first !== undefined && now - first > ONE_SIGNAL) process.exit(1);
        first ??= now;
        resolve(name);
      });
    }
  });
}

/** After an error that nobody caught no promise holds: better to end, and to start again from what is durable. */
function crashLoudly(log: Logger): void {
  process.once('uncaughtException', (error) => {
    log.fatal({ err: error }, 'ended by an error that nobody caught');
    flushed(log).finally(() => process.exit(1));
  });
}

const flushed = (log: Logger): Promise<void> => new Promise((resolve) => log.flush(() => resolve()));
