import { type Address, placeOf } from './address.ts';
import { isNumber } from './errors.ts';

/** What an operator has to do about a server that could not be used at the start. Holds no password. */
export function explainFailure(error: unknown, address: Address): Error {
  return new Error(`${address.setting}: ${problem(error, address)}.`, { cause: error });
}

function problem(error: unknown, address: Address): string {
  const { host, user, database, connectTimeout, tls } = address;
  const place = placeOf(address);
  switch ((error as { code?: unknown }).code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host ${host} is not known`;
    case 'ECONNREFUSED':
    case 'ENOENT':
      return `nothing answers at ${place}; start the server, or correct the address`;
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `${place} cannot be reached within ${connectTimeout / 1000} s; look at the address and the firewalls`;
    case 'HANDSHAKE_NO_SSL_SUPPORT':
      return `the server at ${place} offers no TLS, and ssl-mode=${tls.mode} insists on it`;
    case 'HANDSHAKE_SSL_ERROR':
      return `the TLS connection to ${place} failed: ${messageOf(error)}; look at ssl-mode and ssl-ca`;
  }
  if (isNumber(error, 1045, 1698)) return `the server at ${place} refuses the user "${user}" with this password`;
  if (isNumber(error, 1044)) return `the user "${user}" has no rights in the database "${database}"; ${grant(address)}`;
  if (isNumber(error, 1049)) return `there is no database "${database}" at ${place}; CREATE DATABASE ${database}`;
  if (isNumber(error, 1040, 1203, 1226)) {
    return `the server at ${place} has no connection left; raise max_connections, or lower pool_size`;
  }
  return `the server at ${place} cannot be used: ${messageOf(error)}`;
}

/** What is missing to change tables; undefined where that is not what the server said. */
export function explainRefusal(error: unknown, address: Address): Error | undefined {
  const said = (error as { cause?: unknown } | null)?.cause ?? error;
  // Denied: a table, a column, a database, an operation; a trigger where there is a binary log.
  if (isNumber(said, 1142, 1143, 1044, 1227)) {
    return new Error(
      `${address.setting}: the user "${address.user}" may not change the tables (${messageOf(said)}); ${grant(address)}.`,
      { cause: said },
    );
  }
  return undefined;
}

const grant = ({ user, database }: Address) => `GRANT ALL ON ${database}.* TO '${user}'@'…'`;

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
