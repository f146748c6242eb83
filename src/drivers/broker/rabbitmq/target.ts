import { isIP } from 'node:net';
import { decodedPart, fileOf } from '../../../base/engine-url.ts';

/** The servers and the place on them that an `amqp:` or `amqps:` URL names. */
export interface RabbitTarget {
  /** Of one cluster; any will do. */
  readonly servers: readonly { readonly hostname: string; readonly port: number }[];
  readonly username: string;
  readonly password: string;
  readonly vhost: string;
  /** Undefined: without TLS. `ca` in PEM is trusted instead of the usual authorities. */
  readonly tls: { readonly ca: string | undefined } | undefined;
  /** Of all exchanges and queues. */
  readonly prefix: string;
}

const FORM = 'amqp://[user:password@]host[:port][,host[:port]…][/vhost][?prefix=holdfast]';
const refuse = (what: string): never => {
  throw new Error(`BROKER_URL: ${what}; expected ${FORM}, or amqps:// for TLS, then also with ?ca=FILE.`);
};

/** Throws an error whose message says what is wrong, without the URL: it holds a password. */
export function parseTarget(text: string): RabbitTarget {
  const urls = urlsOf(text);
  const [url] = urls as [URL];
  const secure = url.protocol === 'amqps:';
  if (urls.some(({ hostname }) => hostname === '')) refuse('it names no host');
  const known = secure ? ['prefix', 'ca'] : ['prefix'];
  for (const name of url.searchParams.keys()) if (!known.includes(name)) refuse(`there is no parameter "${name}"`);
  const prefix = url.searchParams.get('prefix') ?? 'holdfast';
  if (!/^[\w.:-]{1,64}$/.test(prefix)) refuse('the prefix is 1 to 64 letters, digits and any of . : _ -');
  return {
    servers: urls.map(({ hostname, port }) => ({
      hostname: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || (secure ? 5671 : 5672)),
    })),
    // What RabbitMQ takes from this machine alone, as its own tools do.
    username: decodedPart(url.username, refuse) || 'guest',
    password: decodedPart(url.password, refuse) || 'guest',
    vhost: decodedPart(url.pathname.slice(1), refuse, 'its virtual host') || '/',
    tls: secure ? { ca: fileOf('ca', url.searchParams, refuse) } : undefined,
    prefix,
  };
}

/** As an operator reads them: `host:port` each. */
export const addressesOf = ({ servers }: RabbitTarget): string[] =>
  servers.map(({ hostname, port }) => `${isIP(hostname) === 6 ? `[${hostname}]` : hostname}:${port}`);

/** The same URL for each of its hosts. */
function urlsOf(text: string): URL[] {
  const [, scheme = '', user = '', hosts = '', rest = ''] = /^(amqps?:\/\/)([^/?#]*@)?([^/?#]*)(.*)$/s.exec(text) ?? [];
  if (scheme === '') return refuse('it is not a URL');
  return hosts.split(',').map((host) => {
    const one = `${scheme}${user}${host}${rest}`;
    return URL.canParse(one) ? new URL(one) : refuse('it is not a URL');
  });
}
