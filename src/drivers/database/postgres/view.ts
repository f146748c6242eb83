import type { CompiledQuery } from 'kysely';
import type { Database } from '../port.ts';
import { createServerView } from '../server-view.ts';
import { dialect } from './dialect.ts';
import { postgresOver } from './grammar.ts';
import { migrateExclusively } from './migrate-exclusively.ts';
import type { Parts } from './parts.ts';
import { read } from './read.ts';
import { runUnit } from './unit.ts';

const NOW = { sql: 'select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now', parameters: [] };
const TABLE = 'select 1 where to_regclass(quote_ident($1)) is not null';

/** One service's view of the connections that all share. */
export const createView = <T>({ units, reads, replica, target, work, log }: Parts): Database<T> =>
  createServerView({
    dialect,
    log,
    over: postgresOver,
    work,
    read: (statement) => read(reads, statement),
    readReplica: replica && ((statement) => replica.read(statement)),
    check: refuseToWrite,
    now: NOW,
    table: (name) => ({ sql: TABLE, parameters: [name] }),
    unit: (action) => runUnit(units, action),
    exclusively: (action) => migrateExclusively(units, action, target),
  });

/** The server refuses it too, where no pooler stands before it. */
function refuseToWrite({ query }: CompiledQuery): void {
  if (/^(Insert|Update|Delete|Merge|Create|Drop|Alter)/.test(query.kind))
    throw new Error('A reader does not write: see Database.unit.');
}
