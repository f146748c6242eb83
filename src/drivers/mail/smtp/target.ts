import { decodedPart, fileOf } from '../../../base/engine-url.ts';
import { isLoopback } from '../../../base/network.ts';

/** The server that an `smtp:` or `smtps:` URL names. */
export interface SmtpTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** `always`: from the first byte. `required`: by STARTTLS, or not at all. `optional`: where the server offers it. */
  readonly tls: 'always' | 'required' | 'optional' | 'never';
  /** In PEM, trusted instead of the usual authorities. */
  readonly ca: string | undefined;
  /** What we call ourselves. */
  readonly name: string | undefined;
  /** Connections at a time. */
  readonly poolSize: number;
}

const FORM = 'smtp://[user:password@]host[:port], or smtps:// for TLS from the first byte';
const KNOWN = ['tls', 'ca', 'name', 'pool_size'];

const refuse = (what: string): never => {
  throw new Error(`SMTP_URL: ${what}; expected ${FORM}, with ?tls=, &ca=FILE, &name=, &pool_size=.`);
};

/** Throws an error whose message says what is wrong, without the URL: it holds a password. */
export function parseTarget(text: string): SmtpTarget {
  if (!URL.canParse(text)) return refuse('it is not a URL');
  const url = new URL(text);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (host === '') refuse('it names no host');
  if (url.pathname !== '' && url.pathname !== '/') refuse('nothing comes after the host and the port');
  for (const key of url.searchParams.keys()) if (!KNOWN.includes(key)) refuse(`there is no parameter "${key}"`);
  const secure = url.protocol === 'smtps:';
  const user = decodedPart(url.username, refuse) || undefined;
  const password = decodedPart(url.password, refuse) || undefined;
  if ((user === undefined) !== (password === undefined)) refuse('it has a user or a password, and not both');
  const name = url.searchParams.get('name') ?? undefined;
  if (name !== undefined && !/^[a-zA-Z0-9.-]{1,253}$/.test(name)) refuse('the name is not that of a host');
  const poolSize = Number(url.searchParams.get('pool_size') ?? 3);
  if (!Number.isInteger(poolSize) || poolSize < 1 || poolSize > 50) refuse('pool_size is from 1 to 50');
  return {
    host,
    port: Number(url.port || (secure ? 465 : 587)),
    user,
    password,
    tls: secure ? secureOnly(url.searchParams.get('tls')) : startTls(url.searchParams.get('tls'), host),
    ca: fileOf('ca', url.searchParams, refuse),
    name,
    poolSize,
  };
}

function secureOnly(given: string | null): SmtpTarget['tls'] {
  return given === null ? 'always' : refuse('smtps:// is always TLS; leave out the parameter "tls"');
}

/** A password and links that open accounts cross no network in clear, unless somebody says so. */
function startTls(given: string | null, host: string): SmtpTarget['tls'] {
  if (given === null) return isLoopback(host) ? 'optional' : 'required';
  if (given === 'required' || given === 'optional' || given === 'never') return given;
  return refuse('tls is required, optional or never');
}
