import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from '@nats-io/transport-node';
import { credsAuthenticator } from '@nats-io/transport-node';

/** The servers and the place on them that a `nats:` or `tls:` URL names. */
export interface NatsTarget {
  /** `host:port` each, as an operator reads them. */
  readonly servers: readonly string[];
  /** Who we are, and how the connection is protected. */
  readonly access: Partial<ConnectionOptions>;
  /** Of all subjects and streams. */
  readonly prefix: string;
}

const FORM = 'nats://[user:password@]host[:port][,nats://host…][?prefix=holdfast&creds=FILE&ca=FILE]';
const PARAMETERS = ['prefix', 'creds', 'ca'];
const refuse = (what: string): never => {
  throw new Error(`BROKER_URL: ${what}; expected ${FORM}, or tls:// for TLS.`);
};

/** Throws an error whose message says what is wrong, without the URL: it holds a password. */
export function parseTarget(text: string): NatsTarget {
  const [list = '', query = ''] = text.split('?', 2);
  const urls = list.split(',').map((part) => {
    const server = /^(nats|tls):\/\//.test(part) ? part : `nats://${part}`;
    return URL.canParse(server) ? new URL(server) : refuse('one of its servers is not a URL');
  });
  if (urls.some(({ hostname }) => hostname === '')) refuse('it names no host');
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys()) if (!PARAMETERS.includes(name)) refuse(`there is no parameter "${name}"`);
  const prefix = parameters.get('prefix') ?? 'holdfast';
  if (!/^[\w-]{1,64}$/.test(prefix)) refuse('the prefix is 1 to 64 letters, digits, _ and -');
  const ca = parameters.get('ca');
  const tls = urls.some(({ protocol }) => protocol === 'tls:') || ca !== null;
  return {
    servers: urls.map(({ hostname, port }) => `${hostname}:${port || 4222}`),
    access: {
      ...credentialsOf(urls[0] as URL, parameters.get('creds')),
      ...(tls && { tls: ca === null ? {} : { ca: readNamed('ca', ca).toString() } }),
    },
    prefix,
  };
}

/** A user alone is a token, as with NATS's own tools. */
function credentialsOf({ username, password }: URL, creds: string | null): Partial<ConnectionOptions> {
  if (creds !== null) return { authenticator: credsAuthenticator(readNamed('creds', creds)) };
  if (username === '') return {};
  const user = decoded(username);
  return password === '' ? { token: user } : { user, pass: decoded(password) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return refuse('its user or password has a % that is not followed by two hexadecimal digits (write %25 for it)');
  }
}

function readNamed(parameter: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return refuse(`the file of "${parameter}" cannot be read`);
  }
}
