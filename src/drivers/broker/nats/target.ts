import type { ConnectionOptions } from '@nats-io/transport-node';
import { credsAuthenticator, nkeyAuthenticator, nkeys } from '@nats-io/transport-node';
import { decodedPart, fileOf } from '../../../base/engine-url.ts';

/** The servers and the place on them that a `nats:` or `tls:` URL names. */
export interface NatsTarget {
  /** `host:port` each, as an operator reads them. */
  readonly servers: readonly string[];
  /** Who we are, and how the connection is protected. */
  readonly access: Partial<ConnectionOptions>;
  /** Of all subjects, and the name of the stream. */
  readonly prefix: string;
  /** Servers of a cluster that keep each message. */
  readonly replicas: number;
}

const FORM =
  'nats://[user:password@]host[:port][,nats://host…][?prefix=holdfast&replicas=1&creds=FILE&nkey=FILE&ca=FILE]';
const PARAMETERS = ['prefix', 'replicas', 'creds', 'nkey', 'ca'];
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
  if (urls.some(({ pathname }) => pathname.length > 1)) refuse('it has a path');
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys()) if (!PARAMETERS.includes(name)) refuse(`there is no parameter "${name}"`);
  const prefix = parameters.get('prefix') ?? 'holdfast';
  if (!/^[\w-]{1,64}$/.test(prefix)) refuse('the prefix is 1 to 64 letters, digits, _ and -');
  const replicas = parameters.get('replicas') ?? '1';
  if (!/^[1-5]$/.test(replicas)) refuse('the number of replicas is 1 to 5');
  const ca = fileOf('ca', parameters, refuse);
  const tls = urls.some(({ protocol }) => protocol === 'tls:') || ca !== undefined;
  return {
    servers: urls.map(({ hostname, port }) => `${hostname}:${port || 4222}`),
    access: {
      ...credentialsOf(urls, parameters),
      ...(tls && { tls: ca === undefined ? {} : { ca } }),
    },
    prefix,
    replicas: Number(replicas),
  };
}

/** One way in for all servers. A user alone is a token, as with NATS's own tools. */
function credentialsOf(urls: readonly URL[], parameters: URLSearchParams): Partial<ConnectionOptions> {
  const creds = fileOf('creds', parameters, refuse);
  const nkey = fileOf('nkey', parameters, refuse);
  const named = urls.find(({ username }) => username !== '');
  if ([creds, nkey, named].filter((way) => way != null).length > 1) {
    refuse('a user, "creds" and "nkey" are three ways to log in, of which it takes one');
  }
  if (creds !== undefined) return { authenticator: credsAuthenticator(Buffer.from(creds)) };
  if (nkey !== undefined) return { authenticator: nkeyAuthenticator(seedIn(nkey)) };
  if (!named) return {};
  const user = decodedPart(named.username, refuse);
  return named.password === '' ? { token: user } : { user, pass: decodedPart(named.password, refuse) };
}

/** What an nkey file holds: the seed, perhaps among comments. */
function seedIn(file: string): Uint8Array {
  const seed = Buffer.from(/\bSU[A-Z2-7]{56}\b/.exec(file)?.[0] ?? '');
  try {
    nkeys.fromSeed(seed);
    return seed;
  } catch {
    return refuse('the file of "nkey" holds no seed of a user (SU…)');
  }
}
