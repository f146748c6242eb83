import type { Compilable, CompiledQuery, Insertable, InsertResult, Kysely, QueryResult } from 'kysely';

/** Stands for a value that is only known when the query runs. */
class Placeholder {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

interface Compiled<R> {
  readonly query: CompiledQuery<R>;
  /** By place in the query's parameters: the value's name; undefined where the query has a value of its own. */
  readonly names: readonly (string | undefined)[];
}

/**
 * A query that is built once for each kind of database, and then run with other values: building one costs more than
 * SQLite takes to run it. For what each upload and each download asks; elsewhere Kysely alone is easier to read.
 *
 * `build` gets a placeholder for each value that it asks for. It can hand them on to be compared or written, and
 * nothing else: what a query looks like cannot depend on them, so a `where … in` of a list cannot be prepared.
 */
export function prepared<Tables, Values extends object, R>(
  build: (db: Kysely<Tables>, values: Values) => Compilable<R>,
): (db: Kysely<Tables>, values: Values) => Promise<QueryResult<R>> {
  const byDialect = new WeakMap<object, Compiled<R>>();
  return (db, values) => {
    const { adapter } = db.getExecutor();
    let compiled = byDialect.get(adapter);
    if (!compiled) {
      compiled = compile(build(db, placeholders<Values>()));
      byDialect.set(adapter, compiled);
    }
    const { query, names } = compiled;
    const parameters = names.map((name, place) =>
      name === undefined ? query.parameters[place] : (values as Record<string, unknown>)[name],
    );
    return db.executeQuery({ ...query, parameters });
  };
}

/** Inserts a row into a table. It is built once for each set of columns that rows come with. */
export function preparedInsert<Tables, Table extends keyof Tables & string>(
  table: Table,
): (db: Kysely<Tables>, row: Insertable<Tables[Table]>) => Promise<void> {
  type Row = Insertable<Tables[Table]>;
  const byColumns = new Map<string, (db: Kysely<Tables>, row: Row & object) => Promise<QueryResult<InsertResult>>>();
  return async (db, row) => {
    const names = Object.keys(row);
    const key = names.join();
    let insert = byColumns.get(key);
    if (!insert) {
      insert = prepared((into, values) =>
        into
          .insertInto(table)
          .values(Object.fromEntries(names.map((name) => [name, values[name as keyof typeof values]])) as Row),
      );
      byColumns.set(key, insert);
    }
    await insert(db, row);
  };
}

const placeholders = <Values extends object>(): Values =>
  new Proxy({} as Values, { get: (_, name) => new Placeholder(String(name)) });

function compile<R>(buildable: Compilable<R>): Compiled<R> {
  const query = buildable.compile();
  const names = query.parameters.map((value) => (value instanceof Placeholder ? value.name : undefined));
  return { query, names };
}
