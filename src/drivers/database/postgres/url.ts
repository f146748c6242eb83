import { isLoopback } from '../../../base/network.ts';

const MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type TlsMode = (typeof MODES)[number];

/** Where a PostgreSQL server is and how to talk to it: what the URL says, with what it leaves out filled in. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly tls: {
    readonly mode: TlsMode;
    /** Paths of PEM files. */
    readonly rootCert: string | undefined;
    readonly cert: string | undefined;
    readonly key: string | undefined;
  };
  readonly applicationName: string;
  /** Connections that are open at most. */
  readonly poolSize: number;
  /** Milliseconds. */
  readonly connectTimeout: number;
  readonly statementTimeout: number;
  /** Settings for the session, as libpq takes them (`-c search_path=holdfast`). */
  readonly options: string | undefined;
  /** A pooler stands between that gives each transaction another connection. */
  readonly pooled: boolean;
}

/** Names as libpq has them (PostgreSQL manual, 34.1.2), and two of ours. */
const PARAMETERS = [
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'host',
  'application_name',
  'connect_timeout',
  'statement_timeout',
  'options',
  'pool_size',
  'pgbouncer',
] as const;
type Parameter = (typeof PARAMETERS)[number];

const EXPECTED = 'expected postgres://user:password@host:5432/database';

/** Throws an error for the operator, which begins with the name of the setting and never holds the password. */
export function parseUrl(url: string, setting: string): Target {
  const refuse = (what: string): never => {
    throw new Error(`${setting}: ${what}.`);
  };
  const parsed = URL.canParse(url) ? new URL(url) : refuse(EXPECTED);
  const parameters = new Map<Parameter, string>();
  for (const [name, value] of parsed.searchParams) {
    const known = PARAMETERS.find((each) => each === name);
    if (!known) refuse(`there is no parameter "${name}"; known are ${PARAMETERS.join(', ')}`);
    else parameters.set(known, value);
  }
  const number = (name: Parameter, least: number, otherwise: number) => {
    const text = parameters.get(name);
    if (text === undefined) return otherwise;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least ? value : (refuse(`${name} must be a whole number from ${least} on`) as never);
  };
  const decoded = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      return refuse(`${EXPECTED}, with "%" in any part written as %25`);
    }
  };
  const pooled = parameters.get('pgbouncer') ?? 'false';
  if (pooled !== 'true' && pooled !== 'false') refuse('pgbouncer must be true or false');
  const database = decoded(parsed.pathname.slice(1));
  if (database === '' || parsed.hash !== '') refuse(EXPECTED);
  // A folder instead of a name: its socket.
  const host = parameters.get('host') ?? decoded(parsed.hostname.replace(/^\[(.*)\]$/, '$1'));
  if (host === '' || host.includes(',')) refuse(`${EXPECTED}, with one host`);
  return {
    host,
    port: parsed.port === '' ? 5432 : Number(parsed.port),
    database,
    user: decoded(parsed.username) || undefined,
    password: decoded(parsed.password) || undefined,
    tls: {
      mode: tlsMode(parameters.get('sslmode'), host, refuse),
      rootCert: parameters.get('sslrootcert'),
      cert: parameters.get('sslcert'),
      key: parameters.get('sslkey'),
    },
    applicationName: parameters.get('application_name') ?? 'holdfast',
    poolSize: number('pool_size', 2, 20),
    connectTimeout: number('connect_timeout', 1, 10) * 1000,
    statementTimeout: number('statement_timeout', 1, 30_000),
    options: parameters.get('options'),
    pooled: pooled === 'true',
  };
}

function tlsMode(text: string | undefined, host: string, refuse: (what: string) => never): TlsMode {
  if (host.startsWith('/')) return 'disable';
  if (text === undefined) return isLoopback(host) ? 'disable' : 'prefer';
  return MODES.find((mode) => mode === text) ?? refuse(`sslmode must be one of ${MODES.join(', ')}`);
}

/** For messages. */
export const nameOf = ({ host, port }: Target): string =>
  host.startsWith('/') ? `in ${host}` : `at ${host.includes(':') ? `[${host}]` : host}:${port}`;
