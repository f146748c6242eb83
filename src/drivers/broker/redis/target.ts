import { decodedPart, fileOf } from '../../../base/engine-url.ts';

/** The server and the place on it that a `redis:` or `rediss:` URL names. */
export interface RedisTarget {
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Number of the database. */
  readonly database: number;
  /** Of all keys and channels. */
  readonly prefix: string;
  /** Undefined: without TLS. `ca` in PEM is trusted instead of the usual authorities. */
  readonly tls: { readonly ca: string | undefined } | undefined;
}

const FORM = 'redis://[user:password@]host[:port][/database][?prefix=holdfast]';
const refuse = (what: string): never => {
  throw new Error(`BROKER_URL: ${what}; expected ${FORM}, or rediss:// for TLS, then also with ?ca=FILE.`);
};

/** Throws an error whose message says what is wrong, without the URL: it holds a password. */
export function parseTarget(text: string): RedisTarget {
  if (!URL.canParse(text)) return refuse('it is not a URL');
  const url = new URL(text);
  const tls = url.protocol === 'rediss:';
  if (url.hostname === '') refuse('it names no host');
  const database = url.pathname.slice(1) || '0';
  if (!/^\d{1,5}$/.test(database)) refuse(`"${database}" is not the number of a database`);
  const known = tls ? ['prefix', 'ca'] : ['prefix'];
  for (const name of url.searchParams.keys()) if (!known.includes(name)) refuse(`there is no parameter "${name}"`);
  const prefix = url.searchParams.get('prefix') ?? 'holdfast';
  if (!/^[\w.:-]{1,64}$/.test(prefix)) refuse('the prefix is 1 to 64 letters, digits and any of . : _ -');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return {
    host,
    port: Number(url.port || 6379),
    username: decodedPart(url.username, refuse) || undefined,
    password: decodedPart(url.password, refuse) || undefined,
    database: Number(database),
    prefix,
    tls: tls ? { ca: fileOf('ca', url.searchParams, refuse) } : undefined,
  };
}
