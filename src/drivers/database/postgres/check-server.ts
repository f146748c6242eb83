import pg from 'pg';
import { errnoOf } from '../../../base/errors.ts';
import { stateOf } from './errors.ts';
import { clientConfig, type PoolOptions } from './pool.ts';
import { nameOf, type Target } from './url.ts';

/** Of PostgreSQL, as its `server_version_num` counts. */
const OLDEST = 150_000;

export interface Server {
  /** What it is a part of: a replica has the same as its primary. */
  readonly system: string;
  readonly isReplica: boolean;
  /** Its settings let it answer a commit before it is durable. */
  readonly commitsLater: boolean;
}

type Connecting = Pick<PoolOptions, 'target' | 'tls'>;

/**
 * Connects once, and looks at what is there. Throws an error for the operator, which begins with the name of the setting
 * and never holds the password; `cause` is what was thrown.
 */
export async function checkServer(connecting: Connecting, setting: string): Promise<Server> {
  const client = new pg.Client(clientConfig({ ...connecting, readOnly: true }));
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query({
      text: `select current_setting('server_version_num')::int as number, current_setting('server_version') as version,
        current_setting('server_encoding') as encoding, current_setting('synchronous_commit') as commits, case when pg_is_in_recovery() then 1 else 0 end as replica,
        (select system_identifier::text from pg_control_system()) as system`,
    });
    const [row] = rows;
    if (row.number < OLDEST) {
      throw new Error(`${setting}: PostgreSQL ${row.version} is too old; Holdfast needs 15 or newer.`);
    }
    if (row.encoding !== 'UTF8') {
      throw new Error(
        `${setting}: the database has the encoding ${row.encoding}; make one with CREATE DATABASE … ENCODING 'UTF8'.`,
      );
    }
    return { system: row.system, isReplica: row.replica === 1, commitsLater: row.commits === 'off' };
  } catch (error) {
    if (error instanceof Error && error.message.startsWith(`${setting}:`)) throw error;
    throw new Error(`${setting}: ${reasonOf(error, connecting.target)}`, { cause: error });
  } finally {
    await client.end().catch(() => {});
  }
}

const PLAIN_ONLY = 'The server does not support SSL connections';

/** Whether the server speaks no TLS. */
export const speaksNoTls = (error: unknown): boolean =>
  error instanceof Error && error.cause instanceof Error && error.cause.message === PLAIN_ONLY;

function reasonOf(error: unknown, target: Target): string {
  const server = `PostgreSQL ${nameOf(target)}`;
  const message = error instanceof Error ? error.message : String(error);
  switch (stateOf(error)) {
    case '28P01':
    case '28000':
      return `${server} refuses the user "${target.user ?? ''}": ${message}. Check user and password, and pg_hba.conf.`;
    case '3D000':
      return `${server} has no database "${target.database}". Make it with CREATE DATABASE, or name another.`;
    case '42501':
      return `${server} does not let the user "${target.user ?? ''}" in: ${message}. Grant it CONNECT on the database.`;
    case '53300':
      return `${server} has no connection left: lower pool_size, or raise its max_connections.`;
    case '57P03':
      return `${server} is starting up or shutting down. Try again in a moment.`;
    case '08P01':
    case '42704':
      return `${server} refuses a setting: ${message}. Behind PgBouncer, add pgbouncer=true to the URL.`;
    case undefined:
      break;
    default:
      return `${server} cannot be used: ${message}.`;
  }
  if (message === PLAIN_ONLY) return `${server} speaks no TLS. Set sslmode=disable if that is as it should be.`;
  const errno = errnoOf(error);
  if (errno !== undefined && /CERT|SIGN|ISSUER|TLS|SSL/.test(errno)) {
    return `the certificate of ${server} is not trusted (${message}). Give its authority as sslrootcert.`;
  }
  if (message.includes('password must be a string')) {
    return `${server} wants a password. Write it into the URL: postgres://user:password@host:5432/database.`;
  }
  return `${server} cannot be reached (${errno ?? message}). Check that it runs, and host and port.`;
}
