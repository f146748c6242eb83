import { CompiledQuery, type Kysely } from 'kysely';
import type { Database } from '../port.ts';

/** How a database answers a query. */
export interface Plan {
  /** Indexes that it reads, by the names that migrations gave them. A primary key is `primary`. */
  readonly indexes: ReadonlySet<string>;
  /** Rows and index entries that it looked at; undefined where the database does not tell. */
  readonly read: number | undefined;
  /** It looks at a whole table. */
  readonly scans: boolean;
  /** It sorts, instead of reading in order. */
  readonly sorts: boolean;
  /** As the database tells it. */
  readonly text: string;
}

// biome-ignore lint/suspicious/noExplicitAny: it looks at the queries of any service.
type Tx = Kysely<any>;
type Query = Pick<CompiledQuery, 'sql' | 'parameters'>;

const PLANNERS = { sqlite: planOnSqlite, postgres: planOnPostgres, mysql: planOnMysql };

/** Runs a query in a unit that is undone, and tells how. */
export async function planOf(db: Database<unknown>, query: Query): Promise<Plan> {
  const undone = new Error('undone');
  let plan: Plan | undefined;
  await db
    .unit(async (tx) => {
      plan = await PLANNERS[db.dialect.name](tx, query);
      throw undone;
    })
    .catch((error) => {
      if (error !== undone) throw error;
    });
  return plan as Plan;
}

const run = async <R>(tx: Tx, sql: string, parameters: readonly unknown[] = []): Promise<R[]> =>
  (await tx.executeQuery(CompiledQuery.raw(sql, [...parameters]))).rows as R[];

/** sqlite.org/eqp.html */
async function planOnSqlite(tx: Tx, { sql, parameters }: Query): Promise<Plan> {
  const rows = await run<{ detail: string }>(tx, `explain query plan ${sql}`, parameters);
  const text = rows.map(({ detail }) => detail).join('\n');
  const indexes = [...text.matchAll(/USING (?:COVERING )?INDEX (\S+)/g)].map(([, name]) =>
    name?.startsWith('sqlite_autoindex') ? 'primary' : (name as string),
  );
  if (text.includes('VIRTUAL TABLE INDEX')) indexes.push('search');
  return {
    indexes: new Set(indexes),
    read: undefined,
    scans: /^SCAN (?!.*(?:USING|VIRTUAL))/m.test(text),
    sorts: text.includes('TEMP B-TREE'),
    text,
  };
}

/** The parts of `EXPLAIN (ANALYZE, FORMAT JSON)` that matter here (PostgreSQL manual, 14.1). */
interface PgNode {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly PgNode[];
}

async function planOnPostgres(tx: Tx, { sql, parameters }: Query): Promise<Plan> {
  const [row] = await run<{ 'QUERY PLAN': string }>(tx, `explain (analyze, format json) ${sql}`, parameters);
  const [{ Plan: root }] = JSON.parse(row?.['QUERY PLAN'] ?? '') as [{ Plan: PgNode }];
  const nodes = function* (node: PgNode): Generator<PgNode> {
    yield node;
    for (const child of node.Plans ?? []) yield* nodes(child);
  };
  const all = [...nodes(root)];
  const used = all.flatMap((node) => node['Index Name'] ?? []);
  // An index of a partition has a name of its own.
  const parents = await run<{ child: string; parent: string; is_primary: number }>(
    tx,
    `select child.relname as child, coalesce(parent.relname, child.relname) as parent,
      case when indisprimary then 1 else 0 end as is_primary from pg_class child
      join pg_index on indexrelid = child.oid left join pg_inherits on inhrelid = child.oid
      left join pg_class parent on parent.oid = inhparent where child.relname = any($1)`,
    [used],
  );
  const scans = all.filter((node) => node['Node Type'].includes('Scan'));
  const looked = (node: PgNode) =>
    (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)) *
    node['Actual Loops'];
  return {
    indexes: new Set(
      parents.map((index) => (index.is_primary ? 'primary' : index.parent.replace(/.*_search$/, 'search'))),
    ),
    read: scans.reduce((sum, node) => sum + looked(node), 0),
    scans: all.some((node) => node['Node Type'] === 'Seq Scan' && looked(node) > 100),
    sorts: all.some((node) => node['Node Type'].includes('Sort')),
    text: JSON.stringify(root, undefined, 1),
  };
}

interface MysqlTable {
  readonly table_name?: string;
  readonly access_type?: string;
  readonly key?: string;
}

/** By `EXPLAIN FORMAT=JSON`, and by what the session has read (`Handler_read…`). */
async function planOnMysql(tx: Tx, { sql, parameters }: Query): Promise<Plan> {
  const [row] = await run<{ EXPLAIN: string }>(tx, `explain format=json ${sql}`, parameters);
  const text = row?.EXPLAIN ?? '';
  const tables: MysqlTable[] = [];
  JSON.parse(text, (_, value) => {
    if (value?.access_type !== undefined) tables.push(value);
    return value;
  });
  const readSoFar = async () => {
    const counters = await run<{ Value: string; VALUE?: string }>(tx, `show session status like 'Handler_read_%'`);
    return counters.reduce((sum, counter) => sum + Number(counter.Value ?? counter.VALUE), 0);
  };
  const before = await readSoFar();
  await run(tx, sql, parameters);
  const after = await readSoFar();
  return {
    indexes: new Set(tables.flatMap(({ key }) => (key === undefined ? [] : key === 'PRIMARY' ? 'primary' : key))),
    read: after - before,
    scans: tables.some(({ access_type }) => access_type === 'ALL'),
    sorts: text.includes('filesort'),
    text,
  };
}
