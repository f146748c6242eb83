import type { Kysely } from 'kysely';
import { type Logger, pino } from 'pino';
import { openDatabase } from '../index.ts';
import type { Database, DatabaseServer, Migration } from '../port.ts';

/** Where a database is for one test. */
export interface StartedPlace {
  readonly url: string;
  readonly dataDir: string;
  /** What can happen to a server and the line to it; absent where the database is a file. */
  readonly faults?: Faults;
  stop(): Promise<void>;
}

export interface Faults {
  /** The same database, at the end of a line that can be disturbed. */
  readonly lineUrl: string;
  /** Resets the connections that stand. */
  cut(): void;
  /** Closes all connections and refuses new ones, until it is mended. */
  refuse(): Promise<void>;
  mend(): Promise<void>;
  /** Kills the server and starts it again. */
  restart(): Promise<void>;
}

/** Starts an empty database, or makes one in a server that runs; each time another. */
export type StartPlace = () => Promise<StartedPlace>;

export interface Tables {
  counters: { name: string; value: number };
  texts: { id: string; body: string | null };
}

export const SEARCH = { table: 'texts', column: 'body', key: 'id' };

export const TABLES: Migration = {
  name: '0001_tables',
  async up(db, dialect) {
    await db.schema
      .createTable('counters')
      .addColumn('name', 'varchar(255)', (column) => column.primaryKey())
      .addColumn('value', 'bigint', (column) => column.notNull())
      .execute();
    await dialect.search
      .addKey(db.schema.createTable('texts'), 'id', 'varchar(255)')
      .addColumn('body', 'varchar(255)')
      .execute();
  },
};

/** An open database with `Tables`. */
export class Place {
  readonly #start: StartPlace;
  #started: StartedPlace | undefined;
  readonly #servers: DatabaseServer[] = [];
  #view: Database<Tables> | undefined;

  constructor(start: StartPlace) {
    this.#start = start;
  }

  async open(): Promise<void> {
    this.#started = await this.#start();
    this.#view = (await this.another()).view();
    await this.#view.migrate('conformance', [TABLES]);
  }

  async close(): Promise<void> {
    await this.#started?.faults?.mend();
    await Promise.all(this.#servers.splice(0).map((server) => server.close()));
    await this.#started?.stop();
  }

  get db(): Database<Tables> {
    if (!this.#view) throw new Error('Not open.');
    return this.#view;
  }

  /** The one that `db` is a view of. */
  get server(): DatabaseServer {
    const [first] = this.#servers;
    if (!first) throw new Error('Not open.');
    return first;
  }

  get started(): StartedPlace {
    if (!this.#started) throw new Error('Not open.');
    return this.#started;
  }

  get faults(): Faults {
    if (!this.started.faults) throw new Error('The place has no faults: its driver skips the laws that need some.');
    return this.started.faults;
  }

  /** Opens the same database once more; it is closed with the place. */
  another(log = pino({ level: 'silent' })): Promise<DatabaseServer> {
    return this.#openAt(this.started.url, log);
  }

  /** Like `another`, at the end of the line that can be disturbed. */
  atTheEndOfTheLine(log = pino({ level: 'silent' })): Promise<DatabaseServer> {
    return this.#openAt(this.faults.lineUrl, log);
  }

  async #openAt(url: string, log: Logger): Promise<DatabaseServer> {
    const server = await openDatabase(url, { dataDir: this.started.dataDir, log });
    this.#servers.push(server);
    return server;
  }
}

export const addCounter = (tx: Kysely<Tables>, name: string, value = 0) =>
  tx.insertInto('counters').values({ name, value }).execute();

export const counterNames = (db: Database<Tables>): Promise<string[]> => namesIn(db.reader);

async function namesIn(tx: Kysely<Tables>): Promise<string[]> {
  const rows = await tx.selectFrom('counters').select('name').orderBy('name').execute();
  return rows.map(({ name }) => name);
}

/** All names and the sum, as of one moment: what the units of a process that died wrote may be committed even now. */
export const namesAndSum = (db: Database<Tables>): Promise<{ sum: number; names: string[] }> =>
  // Each unit changes the sum, so that none ends while this one holds it.
  db.unit(async (tx) => ({ sum: await addTo(tx, 'sum', 0), names: await namesIn(tx) }));

/** Adds by reading and then writing, which loses counts where units are not serialised. */
export async function addTo(tx: Kysely<Tables>, name: string, change: number): Promise<number> {
  const row = await tx.selectFrom('counters').select('value').where('name', '=', name).forUpdate().executeTakeFirst();
  if (!row) throw new Error(`No counter ${name}.`);
  const value = row.value + change;
  await tx.updateTable('counters').set({ value }).where('name', '=', name).execute();
  return value;
}
