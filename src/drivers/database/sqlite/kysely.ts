import {
  type CompiledQuery,
  DefaultQueryExecutor,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
} from 'kysely';
import { QueryCompiler } from './query-compiler.ts';

const refuse = (what: string) => async (): Promise<never> => {
  throw new Error(`${what} is not for callers of the database port: see Database.unit.`);
};

/** Transactions are units of work, and their ends are the driver's. */
const DRIVER: Driver = {
  init: async () => {},
  acquireConnection: refuse('A connection'),
  releaseConnection: refuse('A connection'),
  beginTransaction: refuse('A transaction'),
  commitTransaction: refuse('A transaction'),
  rollbackTransaction: refuse('A transaction'),
  destroy: refuse('Closing'),
};
const COMPILER = new QueryCompiler();
const ADAPTER = new SqliteAdapter();
const DIALECT: Dialect = {
  createDriver: () => DRIVER,
  createQueryCompiler: () => COMPILER,
  createAdapter: () => ADAPTER,
  createIntrospector: (db) => new SqliteIntrospector(db),
};
const CONFIG = { dialect: DIALECT };

const refuseStream = () => {
  throw new Error('Results are not streamed: read them in pages.');
};

/** Kysely whose queries are all run by `execute`, with no pool or lock of Kysely's own in between. */
export function kyselyOver<T>(execute: (query: CompiledQuery) => Promise<QueryResult<unknown>>): Kysely<T> {
  const connection = {
    executeQuery: execute as <R>(query: CompiledQuery) => Promise<QueryResult<R>>,
    streamQuery: refuseStream,
  };
  const executor = new DefaultQueryExecutor(COMPILER, ADAPTER, { provideConnection: (use) => use(connection) });
  return new Kysely<T>({ config: CONFIG, driver: DRIVER, dialect: DIALECT, executor });
}
