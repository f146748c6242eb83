import type { Logger } from '../../../base/logger.ts';
import type { Address } from './address.ts';
import { connect } from './connect.ts';
import { explainFailure } from './explain.ts';
import { type ServerKind, tooOld } from './server.ts';
import type { Session } from './session.ts';

export interface Server {
  readonly kind: ServerKind;
  readonly readOnly: boolean;
}

/**
 * Connects once, and looks at what is there. Throws an error for the operator, which begins with the name of the setting
 * and never holds the password.
 */
export async function checkServer(address: Address, log: Logger): Promise<Server> {
  const refuse = (problem: string): never => {
    throw new Error(`${address.setting}: ${problem}.`);
  };
  let connected: Awaited<ReturnType<typeof connect>>;
  try {
    connected = await connect(address, 'reads');
  } catch (error) {
    throw explainFailure(error, address);
  }
  const { session, kind } = connected;
  try {
    const age = tooOld(kind);
    if (age) refuse(age);
    const variables = await globals(session, address);
    if (variables.get('log_bin') === 'ON' && variables.get('binlog_format') === 'STATEMENT') {
      refuse('the server logs statements, which READ COMMITTED does not allow; set binlog_format=ROW there');
    }
    const readOnly = (variables.get('read_only') ?? 'OFF') !== 'OFF';
    if (!readOnly && variables.get('innodb_flush_log_at_trx_commit') !== '1') {
      log.warn(
        'innodb_flush_log_at_trx_commit is not 1 on the database server: what was answered for may be lost when it fails',
      );
    }
    return { kind, readOnly };
  } finally {
    session.close();
  }
}

/** Not by `@@name`: a server may not know each of them. */
async function globals(session: Session, { connectTimeout }: Address): Promise<ReadonlyMap<string, string>> {
  const names = ['log_bin', 'binlog_format', 'read_only', 'innodb_flush_log_at_trx_commit'];
  const sql = `show global variables where variable_name in (${names.map((name) => `'${name}'`).join(', ')})`;
  const { rows } = await session.execute(sql, [], connectTimeout);
  return new Map((rows as { Variable_name: string; Value: string }[]).map((row) => [row.Variable_name, row.Value]));
}
