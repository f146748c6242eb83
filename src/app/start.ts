import { withDeadline } from '../base/deadline.ts';
import { Closers, type Running } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import { type Config, isLoopback } from '../config.ts';
import { createGateway } from '../services/gateway/index.ts';
import type { SweepOptions, SweepReport } from '../services/janitor/index.ts';
import { openCatalog } from './catalog.ts';
import type { Commands } from './control/commands.ts';
import { startControlServer } from './control/server.ts';
import { checkCopy } from './copy/at-start.ts';
import { openGround } from './ground.ts';
import { checkInstallation } from './installation.ts';
import { runMigrations } from './migrations.ts';
import { askAll } from './probes.ts';
import { authOn, filesOn, gatewayDepsOn, janitorOn, probesOf, processorOn, storageOn } from './services.ts';
import { StartError } from './start-error.ts';
import { version } from './version.ts';

export interface Holdfast {
  /** Where it serves. */
  readonly url: string;
  sweep(options: SweepOptions): Promise<SweepReport>;
  /** Stops everything, with a deadline. Safe to call twice. */
  stop(): Promise<void>;
}

/** Milliseconds that requests and jobs under way get to end, and that each other part gets to stop. */
const WORK_DEADLINE = 22_000;
const PART_DEADLINE = 2_000;

/**
 * Starts all services in this process. Throws `StartError`, with everything stopped again, where it cannot.
 *
 * The order is what stands on what; stopping goes the other way round.
 */
export async function startHoldfast(config: Config, { log }: { readonly log: Logger }): Promise<Holdfast> {
  const closers = new Closers();
  const closing = (name: string, deadline: number, close: () => Promise<void>) =>
    closers.add(name, () => withDeadline(deadline, close()));
  const closeAll = () =>
    closers.close((name, error) => log.error({ err: error, part: name }, 'a part did not stop as it should'));
  try {
    let url: string | undefined = config.publicUrl;
    const publicUrl = () => {
      if (url === undefined) throw new Error('No URL can be signed before the server listens.');
      return url;
    };
    const ground = await openGround(config, { command: 'serve', publicUrl, log });
    closing('ground', PART_DEADLINE, () => ground.close());

    await runMigrations(ground.database);
    const { frozen } = await checkCopy(ground.database, log);
    const catalog = await openCatalog(config);
    const storage = storageOn(ground, log);
    const auth = authOn(ground, config, log);
    const files = filesOn(ground, { storage, catalog }, config, log);
    await checkInstallation(await files.installation(), ground.objects);
    // In the data directory, which is ours alone: whoever held a lease there is dead.
    if (config.databaseUrl === 'sqlite:' && !frozen) await files.breakLeases();
    const processor = processorOn(ground, { files }, config, log);
    const janitor = janitorOn(ground, { storage, files }, config, log);
    const gateway = createGateway(gatewayDepsOn(ground, { auth, files }, config, log));

    let loops: Running | undefined;
    closing('files', PART_DEADLINE, async () => loops?.stop());
    const working: Running[] = [gateway];
    closing('gateway, processor and janitor', WORK_DEADLINE, async () => {
      await Promise.all(working.map((part) => part.stop()));
    });
    // Whoever wants to hear news listens before there is any: this broker keeps none for those who come later.
    working.push(await processor.start(), await janitor.start());
    ({ url } = await gateway.listen().catch((error) => {
      throw new StartError((error as Error).message, error);
    }));
    loops = files.start();

    const startedAt = new Date().toISOString();
    const commands: Commands = {
      sweep: (request, signal) => janitor.sweep({ ...request, signal }),
      status: async (_, signal) => ({
        version,
        pid: process.pid,
        url: publicUrl(),
        dependencies: await askAll({ ...probesOf(ground), processor: processor.probe }, signal),
      }),
    };
    const control = await startControlServer(config.dataDir, commands, log);
    closing('control socket', PART_DEADLINE, () => control.close());
    await ground.lock.tell({ pid: process.pid, command: 'serve', startedAt, control: control.path, url });

    if (!isLoopback(config.host)) warnOfTheOpen(config, log);
    let stopped: Promise<void> | undefined;
    return {
      url,
      sweep: (options) => janitor.sweep(options),
      stop() {
        stopped ??= closeAll();
        return stopped;
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** What is fine on one's own machine, and perhaps not on an address that others reach. */
function warnOfTheOpen({ signup, publicUrl, host }: Config, log: Logger): void {
  if (signup === 'open') {
    log.warn(`Anybody who reaches ${host} can make an account. Set SIGNUP=closed if that is not what you want.`);
  }
  if (publicUrl === undefined) {
    log.warn('PUBLIC_URL is not set: signed URLs point to this machine. Set it to where clients reach this server.');
  }
}
