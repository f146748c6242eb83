import type { Database } from '../port.ts';
import { createServerView } from '../server-view.ts';
import { dialect } from './dialect.ts';
import { mysqlOver } from './grammar.ts';
import { migrateExclusively } from './migrate-exclusively.ts';
import type { Parts } from './parts.ts';
import { read } from './read.ts';
import { runUnit } from './units.ts';

// Sessions are in UTC. The number is a decimal one, and whole.
const NOW = { sql: 'select unix_timestamp(sysdate(3)) * 1000 as now', parameters: [] };
const TABLE = 'select 1 from information_schema.tables where table_schema = database() and table_name = ?';

/** One service's view of the connections that all share. */
export const createView = <T>({ address, units, reads, replica, times, work, log }: Parts): Database<T> =>
  createServerView({
    dialect,
    log,
    over: mysqlOver,
    work,
    read: (statement) => read(reads, times, statement),
    readReplica: replica && ((statement) => replica.read(statement)),
    now: NOW,
    table: (name) => ({ sql: TABLE, parameters: [name] }),
    unit: (action) => runUnit(units, times, action),
    exclusively: (action, migration) => migrateExclusively(address, migration, action),
  });
