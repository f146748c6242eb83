import { connect as connectSocket, type Socket } from 'node:net';
import mysql, { type Connection, type SslOptions } from 'mysql2';
import type { Address, Tls } from './address.ts';
import { type ServerKind, serverKind } from './server.ts';
import { Session } from './session.ts';

/** Statements that a connection keeps prepared; the server has a limit for all connections (`max_prepared_stmt_count`). */
const MAX_STATEMENTS = 100;
/** Milliseconds of silence until the other side is asked whether it is there. */
const KEEP_ALIVE = 30_000;
/** `ORDER BY` looks at so many bytes of a text, where no index has them in order. */
const SORTED_BYTES = 4096;
/** Seconds. What a statement waits for while another changes the table. */
const TABLE_LOCK_TIMEOUT = 60;

/** Whoever reads cannot write; a migration takes its time. */
export type Purpose = 'units' | 'reads' | 'migrations';

/** Connects and sets the session up. Throws what mysql2 throws, and leaves nothing open then. */
export async function connect(address: Address, purpose: Purpose): Promise<{ session: Session; kind: ServerKind }> {
  const { connection, socket } = await open(address);
  const session = new Session(connection, socket);
  try {
    const answer = await session.execute('select version() as version', [], address.connectTimeout);
    const [row] = answer.rows as { version: string }[];
    const kind = serverKind(row?.version ?? '');
    for (const statement of settings(address, kind, purpose))
      await session.execute(statement, [], address.connectTimeout);
    return { session, kind };
  } catch (error) {
    session.destroy(error);
    throw error;
  }
}

/** Whatever the server's own settings are, a session of ours truncates nothing and waits for nothing without end. */
function settings({ statementTimeout, lockTimeout }: Address, { name }: ServerKind, purpose: Purpose): string[] {
  const limit = purpose === 'migrations' ? 0 : statementTimeout;
  const variables = [
    "sql_mode = 'STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'",
    "time_zone = '+00:00'",
    // A unit begins with its first statement: to say so would be one more to wait for.
    `autocommit = ${purpose === 'units' ? 0 : 1}`,
    "default_storage_engine = 'InnoDB'",
    `max_sort_length = ${SORTED_BYTES}`,
    `innodb_lock_wait_timeout = ${seconds(lockTimeout)}`,
    `lock_wait_timeout = ${purpose === 'migrations' ? 3600 : TABLE_LOCK_TIMEOUT}`,
    name === 'MariaDB' ? `max_statement_time = ${limit / 1000}` : `max_execution_time = ${limit}`,
  ];
  const access = purpose === 'reads' ? 'READ ONLY' : 'READ WRITE';
  return [
    'SET NAMES utf8mb4',
    `SET SESSION ${variables.join(', ')}`,
    `SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, ${access}`,
  ];
}

const seconds = (milliseconds: number) => Math.max(1, Math.ceil(milliseconds / 1000));

async function open(address: Address): Promise<{ connection: Connection; socket: Socket }> {
  const { mode } = address.tls;
  if (mode !== 'preferred') return openWith(address, mode === 'disabled' ? undefined : sslOptions(address.tls));
  try {
    return await openWith(address, sslOptions(address.tls));
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'HANDSHAKE_NO_SSL_SUPPORT') throw error;
    return openWith(address, undefined);
  }
}

const sslOptions = ({ mode, ca, cert, key }: Tls): SslOptions => ({
  minVersion: 'TLSv1.2',
  rejectUnauthorized: mode === 'verify_ca' || mode === 'verify_identity',
  verifyIdentity: mode === 'verify_identity',
  ...(ca && { ca }),
  ...(cert && { cert }),
  ...(key && { key }),
});

function openWith(address: Address, ssl: SslOptions | undefined): Promise<{ connection: Connection; socket: Socket }> {
  const { host, port, socketPath, user, password, database, connectTimeout } = address;
  // Ours, so that we can end it at once when nothing answers any more.
  const socket = connectSocket(socketPath === undefined ? { host, port } : { path: socketPath });
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE);
  return new Promise((resolve, reject) => {
    const connection = mysql.createConnection({
      stream: () => socket,
      host,
      user,
      password,
      database,
      connectTimeout,
      ...(ssl && { ssl }),
      charset: 'utf8mb4',
      timezone: 'Z',
      supportBigNumbers: true,
      jsonStrings: true,
      maxPreparedStatements: MAX_STATEMENTS,
      // Updates answer how many rows they met, changed or not; a server never reads a file of this machine.
      flags: ['FOUND_ROWS', '-LOCAL_FILES'],
      connectAttributes: { program_name: 'holdfast' },
    });
    connection.once('error', (error) => {
      socket.destroy();
      reject(error);
    });
    connection.once('connect', () => {
      connection.removeAllListeners('error');
      // Until a `Session` listens.
      connection.on('error', () => {});
      resolve({ connection, socket });
    });
  });
}
