import { stat } from 'node:fs/promises';
import type { Logger } from '../../base/logger.ts';
import type { Config } from '../../config.ts';
import type { Broker } from '../../drivers/broker/port.ts';
import type { DatabaseServer } from '../../drivers/database/port.ts';
import type { ObjectStore } from '../../drivers/objects/port.ts';
import { sqliteFile, storeFolder } from '../copy/side.ts';
import { openBrokerOf, openDatabaseOf } from '../drivers.ts';
import type { Driver } from '../house.ts';
import { type Installation, knownInstallation, refuseOther } from '../installation.ts';
import { migrationStates } from '../migrations.ts';
import { askAll } from '../probes.ts';
import { StartError } from '../start-error.ts';
import { openStoreAlone } from '../store/open.ts';
import { type Finding, failed, ok } from './finding.ts';
import { whyNotMade } from './making.ts';
import { examineStoreRules } from './store.ts';
import { writeProbe } from './write-probe.ts';

interface Engine<Opened extends { close(): Promise<void> }> {
  readonly name: string;
  readonly url: string;
  /** The file or folder of one that stands on this machine. */
  readonly path?: string | undefined;
  open(): Promise<Opened>;
  probe(opened: Opened, signal: AbortSignal): Promise<void>;
  /** More to look at where it works. */
  examine?(opened: Opened): Promise<readonly Finding[]>;
}

const REMEDIES: Readonly<Record<string, string>> = {
  database: 'Check DATABASE_URL, and that the database is up. If it is a damaged file, restore it from a backup.',
  objects: 'Check STORAGE_URL, and that the store is up or the disk has room.',
  broker: 'Check BROKER_URL, and that the broker is up.',
};

/**
 * Opens each engine, and writes, reads and deletes a probe in it. One that would be a file or folder here is left alone
 * until it is there: opening it would make it.
 */
export async function* examineEngines(
  config: Config,
  drivers: ReadonlySet<Driver>,
  { log, signal }: { readonly log: Logger; readonly signal: AbortSignal },
): AsyncGenerator<Finding> {
  const file = sqliteFile(config.databaseUrl, config.dataDir);
  /** Undefined where a database is new; unknown where there is none to be asked. */
  let installation: Installation | undefined | 'unknown' =
    file === undefined || (await isThere(file)) ? 'unknown' : undefined;
  const database: Engine<DatabaseServer> = {
    name: 'database',
    url: config.databaseUrl,
    path: file,
    open: () => openDatabaseOf(config, log),
    probe: (server, until) => server.view().probe(until),
    async examine(server) {
      installation = await knownInstallation(server).catch(() => 'unknown' as const);
      return [...(await examineMigrations(server)), ...(await examineRights(server))];
    },
  };
  const objects: Engine<ObjectStore> = {
    name: 'objects',
    url: config.storageUrl,
    path: storeFolder(config.storageUrl, config.dataDir),
    open: () => openStoreAlone(config, log),
    probe: (store, until) => store.probe(until),
    examine: async (store) => [
      ...(installation === 'unknown' ? [] : await examineBelonging(installation, store)),
      ...(await examineStoreRules(store, config)),
    ],
  };
  const broker: Engine<Broker> = {
    name: 'broker',
    url: config.brokerUrl,
    open: () => openBrokerOf(config, log),
    probe: (opened, until) => opened.probe(until),
  };
  if (drivers.has('database')) yield* examineEngine(database, signal);
  if (drivers.has('objects')) yield* examineEngine(objects, signal);
  if (drivers.has('broker')) yield* examineEngine(broker, signal);
}

async function* examineEngine<Opened extends { close(): Promise<void> }>(
  { name, url, path, open, probe, examine }: Engine<Opened>,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  if (path !== undefined && !(await isThere(path))) {
    const reason = await whyNotMade(path);
    if (reason === undefined) yield ok(name, `${url} is made at the first start`);
    else yield failed(name, `${url} cannot be made; ${reason}.`, REMEDIES[name]);
    return;
  }
  let opened: Opened;
  try {
    opened = await open();
  } catch (error) {
    // What a driver says of this names the remedy.
    yield failed(name, (error as Error).message);
    return;
  }
  try {
    yield* findingsOf(await askAll({ [name]: (until) => probe(opened, until) }, signal));
    if (examine) yield* await examine(opened);
  } finally {
    await opened.close();
  }
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Answers of probes: null where one works, otherwise why not. */
export function* findingsOf(answers: Readonly<Record<string, string | null>>): Generator<Finding> {
  for (const [name, problem] of Object.entries(answers)) {
    yield problem === null ? ok(name, 'works') : failed(name, problem, REMEDIES[name]);
  }
}

async function examineRights(database: DatabaseServer): Promise<Finding[]> {
  try {
    await writeProbe(database);
    return [];
  } catch (error) {
    const remedy = 'Let the user of DATABASE_URL make tables, and read and write in them.';
    return [failed('tables', (error as Error).message, remedy)];
  }
}

/** A server starts on what belongs together alone. */
async function examineBelonging(installation: Installation | undefined, objects: ObjectStore): Promise<Finding[]> {
  try {
    refuseOther(installation, await objects.installation());
    return [];
  } catch (error) {
    return [
      failed('installation', (error as Error).message, error instanceof StartError ? undefined : REMEDIES.objects),
    ];
  }
}

async function examineMigrations(database: DatabaseServer): Promise<Finding[]> {
  try {
    const states = await migrationStates(database);
    const due = states.filter(({ appliedAt }) => appliedAt === undefined).length;
    if (due === 0) return [ok('tables', 'up to date')];
    return [ok('tables', `${due} of ${states.length} migrations are due; they run at the next start`)];
  } catch (error) {
    return [failed('tables', (error as Error).message, REMEDIES.database)];
  }
}
