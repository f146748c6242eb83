import { withDeadline } from '../base/deadline.ts';
import { HoldfastError } from '../base/errors.ts';
import { Closers, type Running } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import { isLoopback } from '../base/network.ts';
import type { Config } from '../config.ts';
import { checkListening } from '../services/gateway/listening.ts';
import type { SweepOptions, SweepReport } from '../services/janitor/index.ts';
import { administer } from './admin.ts';
import { openCatalog } from './catalog.ts';
import type { Commands } from './control/commands.ts';
import { startControlServer } from './control/server.ts';
import { checkCopy } from './copy/at-start.ts';
import { named } from './drivers.ts';
import { reachElsewhere } from './elsewhere.ts';
import { openGround } from './ground.ts';
import { answersCalls, checkCallsAddress, listenForCalls, openCertificatesOf } from './grpc.ts';
import { ALL_SERVICES, type Served } from './house.ts';
import { checkInstallation, readInstallation } from './installation.ts';
import { runMigrations } from './migrations.ts';
import { makeParts } from './parts.ts';
import { planFor } from './plan.ts';
import { askAll } from './probes.ts';
import { StartError } from './start-error.ts';
import { tracedGround } from './tracing/ground.ts';
import { startTracing } from './tracing/index.ts';
import { version } from './version.ts';

export interface Holdfast {
  /** Where it serves: the API where the gateway is, otherwise its health alone. */
  readonly url: string;
  /** Where it answers over gRPC, as `host:port`. */
  readonly grpc: string | undefined;
  /** Throws `StartError` where the janitor runs elsewhere. */
  sweep(options: SweepOptions): Promise<SweepReport>;
  /** Stops everything, with a deadline. Safe to call twice. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Those that run in this process; by default all. */
  readonly services?: readonly Served[];
  readonly log: Logger;
}

/**
 * Milliseconds that requests and jobs under way get to end, that calls of others get, that engines get to close (a broker
 * that is frozen takes its time), and that each other part gets: together less than the 30 s after which many a service
 * manager kills.
 */
const WORK_DEADLINE = 17_000;
const CALLS_DEADLINE = 15_000;
const GROUND_DEADLINE = 5_000;
const PART_DEADLINE = 1_500;

/**
 * Starts services in this process; those that they call and that are not among them are called where they run. Throws
 * `StartError` or `ConfigError`, with everything stopped again, where it cannot.
 *
 * The order is what stands on what; stopping goes the other way round.
 */
export async function startHoldfast(config: Config, { services = ALL_SERVICES, log }: StartOptions): Promise<Holdfast> {
  const plan = planFor(config, services);
  const closers = new Closers();
  const closing = (name: string, deadline: number, close: () => Promise<void>) =>
    closers.add(name, () => withDeadline(deadline, close()));
  const closeAll = () =>
    closers.close((name, error) => log.error({ err: error, part: name }, 'a part did not stop as it should'));
  try {
    let url: string | undefined = config.publicUrl;
    const publicUrl = () => {
      // Calls over gRPC may come before: no URL can be signed yet.
      if (url === undefined)
        throw new HoldfastError('unavailable', 'The server is just starting. Try again in a moment.');
      return url;
    };
    const tracing = await startTracing(config, plan, log);
    if (tracing) closing('tracing', PART_DEADLINE, () => tracing.stop());
    const opened = await openGround(config, { command: 'serve', publicUrl, log, drivers: plan.drivers });
    closing('ground', GROUND_DEADLINE, () => opened.close());
    const ground = tracing ? tracedGround(opened) : opened;
    const certificates = await openCertificatesOf(config, plan, log);
    if (certificates) closing('certificates', PART_DEADLINE, () => certificates.stop());
    const elsewhere = await reachElsewhere(plan, certificates, log);
    closing('services elsewhere', PART_DEADLINE, async () => elsewhere.close());

    await checkListening(config).catch(refuse);
    if (answersCalls(plan, certificates)) await checkCallsAddress(config);
    const catalog = await openCatalog(config);

    // Whoever cannot start has changed no table that others work with.
    let frozen = false;
    if (plan.drivers.has('database')) {
      await runMigrations(ground.database);
      ({ frozen } = await checkCopy(ground.database, log));
    }
    // Where the gateway is elsewhere, this process listens for its health alone.
    const apiUrl = () => (plan.services.has('gateway') ? url : config.publicUrl);
    const parts = await makeParts(
      { plan, ground, elsewhere, certificates, catalog, apiUrl, traced: tracing !== undefined },
      config,
      log,
    );
    const { auth, files, processor, janitor, notifier, ingest } = parts;
    if (ingest) closing('ingest', PART_DEADLINE, () => ingest.close());
    if (plan.drivers.has('objects')) {
      await checkInstallation(await readInstallation(parts.answersOf('files'), services, log), ground.objects);
    }
    // In the data directory, which is ours alone: whoever held a lease there is dead.
    if (config.databaseUrl === 'sqlite:' && !frozen) {
      await files?.breakLeases();
      await notifier?.breakLeases();
    }

    const loops: Running[] = [];
    closing('auth and files', PART_DEADLINE, async () => {
      await Promise.all(loops.map((part) => part.stop()));
    });
    const { grpc, http } = parts;
    const working: Running[] = [http];
    if (grpc) working.push({ stop: () => grpc.stop(CALLS_DEADLINE) });
    closing('requests, calls, jobs and sweeps', WORK_DEADLINE, async () => {
      await Promise.all(working.map((part) => part.stop()));
    });
    // Whoever wants to hear news listens before there is any: the local broker keeps none for those who come later.
    if (processor) working.push(await processor.start({ stopWithin: WORK_DEADLINE }));
    for (const part of [janitor, ingest]) if (part) working.push(await part.start());
    const grpcAddress = grpc && (await listenForCalls(grpc, config));
    ({ url } = await http.listen().catch(refuse));
    for (const part of [auth, files]) if (part) loops.push(part.start());
    // It reads logs that are kept: whatever came before, it hears of. Its links lead to where we listen.
    if (notifier) working.push(await notifier.start());

    const sweep = async (options: SweepOptions) => {
      if (!janitor) throw new StartError('The janitor runs in another process: sweep with the settings of that one.');
      return janitor.sweep(options);
    };
    const audit = auth || plan.elsewhere.has('auth') ? parts.answersOf('auth').audit : undefined;
    const startedAt = new Date().toISOString();
    const commands: Commands = {
      sweep: (request, signal) => sweep({ ...request, signal }),
      admin: (request, signal) => administer({ auth, files, audit }, request, signal, named(log, 'admin')),
      status: async (_, signal) => ({
        version,
        pid: process.pid,
        url: publicUrl(),
        dependencies: await askAll({ ...parts.probes, ...(processor && { processor: processor.probe }) }, signal),
      }),
    };
    const control = await startControlServer(config.dataDir, commands, log);
    closing('control socket', PART_DEADLINE, () => control.close());
    await ground.lock.tell({ pid: process.pid, command: 'serve', startedAt, control: control.path, url });

    if (plan.services.has('gateway') && !isLoopback(config.host)) warnOfTheOpen(config, log);
    let stopped: Promise<void> | undefined;
    return {
      url,
      grpc: grpcAddress,
      sweep,
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

/** The gateway says in its errors, for a person, why it cannot listen. */
function refuse(error: Error): never {
  throw new StartError(error.message, error);
}

/** What is fine on one's own machine, and perhaps not on an address that others reach. */
function warnOfTheOpen({ signup, publicUrl, host, smtpUrl }: Config, log: Logger): void {
  if (signup === 'open') {
    log.warn(`Anybody who reaches ${host} can make an account. Set SIGNUP=closed if that is not what you want.`);
  }
  if (publicUrl === undefined) {
    log.warn('PUBLIC_URL is not set: signed URLs point to this machine. Set it to where clients reach this server.');
  }
  if (smtpUrl === undefined) {
    log.warn('SMTP_URL is not set: mails reach nobody. They are in DATA_DIR/mail, and their links in this log.');
  }
}
