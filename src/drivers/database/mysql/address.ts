import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { isLoopback } from '../../../base/network.ts';

/** What a URL says of a server and of how to use it. Times are milliseconds. */
export interface Address {
  /** Name of the setting that holds the URL: what an operator reads begins with it. */
  readonly setting: string;
  readonly host: string;
  readonly port: number;
  /** A Unix socket in place of host and port. */
  readonly socketPath: string | undefined;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls: Tls;
  /** Connections at most. */
  readonly poolSize: number;
  readonly connectTimeout: number;
  /** What one statement may take. */
  readonly statementTimeout: number;
  /** What one statement may wait for the rows that another unit has locked. */
  readonly lockTimeout: number;
}

/**
 * Words of MySQL's own `--ssl-mode` (dev.mysql.com/doc/refman/8.4/en/connection-options.html): `preferred` takes what the
 * server offers, `required` insists, the others check the certificate too.
 */
export const SSL_MODES = ['disabled', 'preferred', 'required', 'verify_ca', 'verify_identity'] as const;

export interface Tls {
  readonly mode: (typeof SSL_MODES)[number];
  /** PEM. */
  readonly ca: Buffer | undefined;
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
}

/** As the server's own clients name them, and four of ours: seconds to connect, milliseconds for the others. */
const PARAMETERS = [
  'pool_size',
  'connect_timeout',
  'statement_timeout',
  'lock_timeout',
  'ssl-mode',
  'ssl-ca',
  'ssl-cert',
  'ssl-key',
  'socket',
] as const;

/** Reads `mysql://user:password@host:3306/database?pool_size=20&ssl-mode=verify_ca&ssl-ca=/path`. Throws for an operator. */
export function parseAddress(text: string, setting: string): Address {
  const fail = (problem: string): never => {
    throw new Error(`${setting}: ${problem}. Expected mysql://user:password@host:3306/database.`);
  };
  if (!URL.canParse(text))
    return fail('it is not a valid URL; characters such as @ or / in a password are written %40, %2F');
  const url = new URL(text);
  const given = url.searchParams;
  for (const name of given.keys()) {
    if (!(PARAMETERS as readonly string[]).includes(name)) fail(`"${name}" is none of ${PARAMETERS.join(', ')}`);
  }
  const number = (name: (typeof PARAMETERS)[number], least: number, otherwise: number): number => {
    const value = given.get(name);
    if (value === null) return otherwise;
    const valid = /^\d{1,9}$/.test(value) && Number(value) >= least;
    return valid ? Number(value) : fail(`${name} is no whole number from ${least} on`);
  };
  const host = decoded(url.hostname.replace(/^\[(.*)\]$/, '$1')) || fail('it names no host');
  const user = decoded(url.username) || fail('it names no user');
  const database = decoded(url.pathname.slice(1)) ?? '';
  if (database === '' || database.includes('/')) fail('it names no database');
  const socketPath = given.get('socket') ?? undefined;
  const tls = tlsOf(given, setting, socketPath === undefined && !isLoopback(host));
  // mysql2 would look for another name in the certificate.
  if (tls.mode === 'verify_identity' && isIP(host))
    fail('ssl-mode=verify_identity needs the name of the host, and not its number');
  return {
    setting,
    host,
    port: url.port === '' ? 3306 : Number(url.port),
    socketPath,
    user,
    password: decoded(url.password) ?? fail('its password holds a stray %; write %25'),
    database,
    tls,
    poolSize: number('pool_size', 2, 20),
    connectTimeout: number('connect_timeout', 1, 10) * 1000,
    statementTimeout: number('statement_timeout', 1, 30_000),
    lockTimeout: number('lock_timeout', 1000, 10_000),
  };
}

/** Where it is, for people; without user and password. */
export const placeOf = ({ host, port, socketPath }: Address): string =>
  socketPath ?? `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;

function tlsOf(given: URLSearchParams, setting: string, remote: boolean): Tls {
  const pem = (name: string) => {
    const path = given.get(name);
    if (path === null) return undefined;
    try {
      return readFileSync(path);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${setting}: ${name} cannot be read: ${reason}.`, { cause: error });
    }
  };
  const files = { ca: pem('ssl-ca'), cert: pem('ssl-cert'), key: pem('ssl-key') };
  // Whoever hands out a certificate authority wants it asked.
  const otherwise = files.ca ? 'verify_ca' : remote ? 'preferred' : 'disabled';
  const named = given.get('ssl-mode')?.toLowerCase().replaceAll('-', '_') ?? otherwise;
  const mode = SSL_MODES.find((each) => each === named);
  if (!mode) throw new Error(`${setting}: ssl-mode is none of ${SSL_MODES.join(', ')}.`);
  return { mode, ...files };
}

/** Undefined where a percent sign stands for nothing. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
