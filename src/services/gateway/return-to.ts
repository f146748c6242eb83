import { HoldfastError } from '../../base/errors.ts';

const LONGEST = 2_000;
/** Stands for whatever this server is called: where a path leads is all that matters. */
const HERE = 'http://here.invalid';
/** Browsers drop some of these and take others for a slash: what is shown would not be where it leads. */
const SUSPECT = /[\\\s\p{Cc}]/u;

interface Ours {
  readonly publicUrl: string | undefined;
  /** Other origins to which a browser may be sent. */
  readonly signInOrigins: readonly string[];
}

/**
 * Where a browser is to go in the end: a path of this server, or a URL of it or of another origin that is allowed.
 * Anything else is `invalid_request`: a link to this server must not lead to anybody's (open redirect).
 */
export function requireReturnTo(given: string, { publicUrl, signInOrigins }: Ours, path: string): string {
  if (given.length <= LONGEST && !SUSPECT.test(given)) {
    if (given.startsWith('/')) {
      const { origin, pathname, search, hash } = new URL(given, HERE);
      // Two slashes at the beginning, also those that are left of "/..//", begin a host.
      if (origin === HERE && !pathname.startsWith('//')) return `${pathname}${search}${hash}`;
    } else if (/^https?:\/\//i.test(given) && URL.canParse(given)) {
      const { origin, username, password, href } = new URL(given);
      const own = publicUrl === undefined ? undefined : new URL(publicUrl).origin;
      if (username === '' && password === '' && (origin === own || signInOrigins.includes(origin))) return href;
    }
  }
  const message = `${path} must be a path of this server, such as /app, or a URL of an origin in SIGN_IN_ORIGINS.`;
  throw new HoldfastError('invalid_request', message, { fields: [{ path, message }] });
}

/** The same place, told why it came to nothing. */
export function withError(returnTo: string, error: string): string {
  const url = new URL(returnTo, HERE);
  url.searchParams.set('error', error);
  return url.origin === HERE ? `${url.pathname}${url.search}${url.hash}` : url.href;
}
