import { readFileSync } from 'node:fs';
import type { Options, SocketOptions } from 'amqplib';

/** The server and the place on it that an `amqp:` or `amqps:` URL names. */
export interface RabbitTarget {
  readonly server: Required<
    Pick<Options.Connect, 'protocol' | 'hostname' | 'port' | 'username' | 'password' | 'vhost'>
  >;
  readonly tls: Pick<SocketOptions, 'ca' | 'servername'>;
  /** Of all exchanges and queues. */
  readonly prefix: string;
}

const FORM = 'amqp://[user:password@]host[:port][/vhost][?prefix=holdfast]';
const refuse = (what: string): never => {
  throw new Error(`BROKER_URL: ${what}; expected ${FORM}, or amqps:// for TLS, then also with ?ca=FILE.`);
};

/** Throws an error whose message says what is wrong, without the URL: it holds a password. */
export function parseTarget(text: string): RabbitTarget {
  if (!URL.canParse(text)) return refuse('it is not a URL');
  const url = new URL(text);
  const secure = url.protocol === 'amqps:';
  if (url.hostname === '') refuse('it names no host');
  const known = secure ? ['prefix', 'ca'] : ['prefix'];
  for (const name of url.searchParams.keys()) if (!known.includes(name)) refuse(`there is no parameter "${name}"`);
  const prefix = url.searchParams.get('prefix') ?? 'holdfast';
  if (!/^[\w.:-]{1,64}$/.test(prefix)) refuse('the prefix is 1 to 64 letters, digits and any of . : _ -');
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  const ca = url.searchParams.get('ca');
  return {
    server: {
      protocol: secure ? 'amqps' : 'amqp',
      hostname,
      port: Number(url.port || (secure ? 5671 : 5672)),
      // What RabbitMQ takes from this machine alone, as its own tools do.
      username: decoded(url.username) || 'guest',
      password: decoded(url.password) || 'guest',
      vhost: decoded(url.pathname.slice(1)) || '/',
    },
    tls: secure ? { servername: hostname, ...(ca !== null && { ca: [readAuthority(ca)] }) } : {},
    prefix,
  };
}

/** As an operator reads it. */
export const addressOf = ({ server: { hostname, port } }: RabbitTarget): string => `${hostname}:${port}`;

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return refuse('a part of it has a % that is not followed by two hexadecimal digits (write %25 for it)');
  }
}

function readAuthority(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return refuse('the file of "ca" cannot be read');
  }
}
