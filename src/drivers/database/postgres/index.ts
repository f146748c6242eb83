import type { ConnectionOptions } from 'node:tls';
import type { Logger } from '../../../base/logger.ts';
import { pooledServer } from '../pooled-server.ts';
import type { OpenDatabase } from '../port.ts';
import { Reachability } from '../reachability.ts';
import { Underway } from '../underway.ts';
import { checkServer, type Server, speaksNoTls } from './check-server.ts';
import { isLost } from './errors.ts';
import type { Parts } from './parts.ts';
import { Pool } from './pool.ts';
import { Replica } from './replica.ts';
import { tlsOf } from './tls.ts';
import { parseUrl, type Target } from './url.ts';
import { createView } from './view.ts';

/** Opens `postgres://user:password@host:5432/database`, with the parameters of url.ts. */
export const openPostgres: OpenDatabase = async (url, { replicaUrl, log }) => {
  const primary = await reach(url, 'DATABASE_URL');
  if (primary.server.isReplica) {
    throw new Error(
      'DATABASE_URL: this server is a replica and takes no changes. Give the primary here, and the replica as DATABASE_REPLICA_URL.',
    );
  }
  const { target, tls } = primary;
  const size = Math.ceil(target.poolSize / 2);
  const reachability = new Reachability('The database', log);
  const durable = primary.server.commitsLater;
  const units = new Pool({ target, tls, size, readOnly: false, durable, reachability });
  const reads = new Pool({ target, tls, size: target.poolSize - size, readOnly: true, reachability });
  const replica = replicaUrl === undefined ? undefined : await openReplica(replicaUrl, primary.server, reads, log);
  const work = new Underway();
  const parts: Parts = { target, units, reads, replica, work, log };
  return pooledServer(() => createView(parts), parts);
};

interface Reached {
  readonly target: Target;
  readonly tls: ConnectionOptions | false;
  readonly server: Server;
}

/** Throws an error for the operator. */
async function reach(url: string, setting: string): Promise<Reached> {
  const target = parseUrl(url, setting);
  const tls = await tlsOf(target, setting);
  try {
    return { target, tls, server: await checkServer({ target, tls }, setting) };
  } catch (error) {
    if (target.tls.mode !== 'prefer' || !speaksNoTls(error)) throw error;
    return { target, tls: false, server: await checkServer({ target, tls: false }, setting) };
  }
}

/** One that is away is read from once it is there; one that is not the primary's is refused. */
async function openReplica(url: string, primary: Server, reads: Pool, log: Logger): Promise<Replica> {
  const setting = 'DATABASE_REPLICA_URL';
  const target = parseUrl(url, setting);
  let tls = await tlsOf(target, setting);
  try {
    const reached = await reach(url, setting);
    if (reached.server.system !== primary.system) {
      throw new Error(`${setting}: this server is no replica of the one in DATABASE_URL.`);
    }
    tls = reached.tls;
  } catch (error) {
    if (!(error instanceof Error) || !isLost(error.cause)) throw error;
    log.warn({ err: error }, 'The replica cannot be reached: lists are read from the primary');
  }
  const size = Math.ceil(target.poolSize / 2);
  const reachability = new Reachability('The replica of the database', log);
  const pool = new Pool({ target, tls, size, readOnly: true, reachability });
  return new Replica({ pool, primary: reads, log });
}
