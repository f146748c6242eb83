import { UnitScope } from '../unit-scope.ts';
import type { Connection } from './connection.ts';
import { portError } from './errors.ts';
import { sqliteOver } from './grammar.ts';

export const unitScopeOn = (connection: Connection): UnitScope =>
  new UnitScope({ over: sqliteOver, execute: ({ sql, parameters }) => connection.execute(sql, parameters), portError });
