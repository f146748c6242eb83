import {
  type CompiledQuery,
  type DatabaseIntrospector,
  DefaultQueryExecutor,
  type Dialect,
  type DialectAdapter,
  type Driver,
  Kysely,
  type QueryCompiler,
  type QueryResult,
} from 'kysely';

/** How Kysely writes for one database. */
export interface Grammar {
  readonly compiler: QueryCompiler;
  readonly adapter: DialectAdapter;
  // biome-ignore lint/suspicious/noExplicitAny: it looks at whatever tables are there.
  readonly introspector: (db: Kysely<any>) => DatabaseIntrospector;
}

export type Execute = (query: CompiledQuery) => Promise<QueryResult<unknown>>;

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

const refuseStream = () => {
  throw new Error('Results are not streamed: read them in pages.');
};

export type KyselyOver = <T>(execute: Execute) => Kysely<T>;

/** Makes Kysely whose queries are all run by a function, with no pool or lock of Kysely's own in between. */
export function kyselyOver({ compiler, adapter, introspector }: Grammar): KyselyOver {
  const dialect: Dialect = {
    createDriver: () => DRIVER,
    createQueryCompiler: () => compiler,
    createAdapter: () => adapter,
    createIntrospector: introspector,
  };
  const config = { dialect };
  return <T>(execute: Execute) => {
    const executor = new Executor(compiler, adapter, execute);
    return new Kysely<T>({ config, driver: DRIVER, dialect, executor });
  };
}

/** Runs a query at once where no plugin wants to look at it: Kysely's own way there costs as much as a short query. */
class Executor extends DefaultQueryExecutor {
  readonly #execute: <R>(query: CompiledQuery) => Promise<QueryResult<R>>;

  constructor(compiler: QueryCompiler, adapter: DialectAdapter, execute: Execute) {
    const connection = { executeQuery: execute as Executor['executeQuery'], streamQuery: refuseStream };
    super(compiler, adapter, { provideConnection: (use) => use(connection) });
    this.#execute = execute as Executor['executeQuery'];
  }

  override executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.#execute(query);
  }
}
