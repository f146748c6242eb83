import type { Logger } from '../../../base/logger.ts';
import { pooledServer } from '../pooled-server.ts';
import type { OpenDatabase } from '../port.ts';
import { Reachability } from '../reachability.ts';
import { Underway } from '../underway.ts';
import { type Address, parseAddress } from './address.ts';
import { checkServer, type Server } from './check-server.ts';
import { connect, type Purpose } from './connect.ts';
import { isLost } from './errors.ts';
import type { Parts } from './parts.ts';
import { Pool } from './pool.ts';
import { positionOf, Replica } from './replica.ts';
import { UNIT_TIMES } from './units.ts';
import { createView } from './view.ts';

/** Opens `mysql://user:password@host:3306/database`, with the parameters of address.ts; `mariadb://` is the same. */
export const openMysql: OpenDatabase = async (url, { replicaUrl, log }) => {
  const address = parseAddress(url, 'DATABASE_URL');
  const server = await checkServer(address, log);
  if (server.readOnly) {
    throw new Error(
      'DATABASE_URL: this server takes no changes (read_only). Give the primary here, and a replica as DATABASE_REPLICA_URL.',
    );
  }
  const size = Math.ceil(address.poolSize / 2);
  const reachability = new Reachability('The database', log);
  const units = openPool(address, 'units', size, reachability);
  const reads = openPool(address, 'reads', address.poolSize - size, reachability);
  const replica = replicaUrl === undefined ? undefined : await openReplica(replicaUrl, server, reads, log);
  const work = new Underway();
  const parts: Parts = {
    address,
    units,
    reads,
    replica,
    times: { ...UNIT_TIMES, statement: address.statementTimeout },
    work,
    log,
  };
  return pooledServer(() => createView(parts), parts);
};

const openPool = (address: Address, purpose: Purpose, size: number, reachability: Reachability): Pool =>
  new Pool({
    connect: async () => (await connect(address, purpose)).session,
    size,
    patience: address.connectTimeout,
    reachability,
  });

/** One that is away is read from once it is there; one that cannot say how far it has come is refused. */
async function openReplica(url: string, primary: Server, reads: Pool, log: Logger): Promise<Replica> {
  const address = parseAddress(url, 'DATABASE_REPLICA_URL');
  if ((await positionOf(reads, primary.kind)) === '') {
    await reads.close();
    throw new Error(
      `${address.setting}: the server of DATABASE_URL gives its changes no ids, so that a replica cannot tell how far it ` +
        `has come. Switch ${primary.kind.name === 'MySQL' ? 'gtid_mode and enforce_gtid_consistency' : 'log_bin'} on there.`,
    );
  }
  try {
    const { kind } = await checkServer(address, log);
    if (kind.name !== primary.kind.name) {
      throw new Error(`${address.setting}: ${kind.name} is no replica of the ${primary.kind.name} in DATABASE_URL.`);
    }
  } catch (error) {
    if (!(error instanceof Error) || !isLost(error.cause)) throw error;
    log.warn({ err: error }, 'The replica cannot be reached: lists are read from the primary');
  }
  const size = Math.ceil(address.poolSize / 2);
  const pool = openPool(address, 'reads', size, new Reachability('The replica of the database', log));
  return new Replica({ pool, primary: reads, kind: primary.kind, statementTimeout: address.statementTimeout, log });
}
