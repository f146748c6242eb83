import type { FastifyReply, FastifyRequest } from 'fastify';
import { HoldfastError } from '../../base/errors.ts';
import { CredentialKind } from '../../contract/holdfast/v1/auth.ts';

export interface Credential {
  readonly token: string;
  /** A cookie is sent by a browser whoever made it do so; a header is not. */
  readonly from: 'header' | 'cookie';
}

const BEARER = /^Bearer +([\w~+/.=-]{1,4096}) *$/i;
/** Whether clients reach us by TLS, so that a cookie can be bound to it. */
export const isSecure = (publicUrl: string | undefined): boolean => publicUrl?.startsWith('https:') === true;

/** With `__Host-`, browsers take it from this very host alone, by TLS: no neighbour can plant one. */
export const cookieName = (secure: boolean): string => (secure ? '__Host-holdfast' : 'holdfast');

/** What the request brings to say who sends it; a header goes before a cookie. Throws for a header that is none of ours. */
export function credentialOf(request: FastifyRequest, secure: boolean): Credential | undefined {
  const { authorization, cookie } = request.raw.headers;
  if (authorization !== undefined) {
    const token = BEARER.exec(authorization)?.[1];
    if (token !== undefined) return { token, from: 'header' };
    throw new HoldfastError('unauthenticated', 'The Authorization header must be "Bearer" and an access token.');
  }
  const token = cookie === undefined ? undefined : sessionCookie(cookie, secure);
  return token === undefined ? undefined : { token, from: 'cookie' };
}

/** As the Cookie header is written (RFC 6265, 4.2.1), with values that can be tokens of ours. */
const COOKIES = { true: cookiePattern(true), false: cookiePattern(false) };

function cookiePattern(secure: boolean): RegExp {
  return new RegExp(`(?:^|; ?)${cookieName(secure)}=([\\w-]{1,128})(?=;|$)`);
}

/** The session token that a browser brings; undefined for none, and for what cannot be one. */
export const sessionCookie = (header: string, secure: boolean): string | undefined =>
  COOKIES[`${secure}`].exec(header)?.[1];

/** Only a cookie is a cookie, and only a token is a token: neither serves in the place of the other. */
export const fits = ({ from }: Credential, kind: CredentialKind): boolean =>
  (from === 'cookie') === (kind === CredentialKind.SESSION);

/** No script can read it, no other site can have it sent along with a write. `maxAge` in seconds. */
const cookieOf = (token: string, secure: boolean, maxAge: number): string =>
  `${cookieName(secure)}=${token}; Max-Age=${maxAge}; Path=/; HttpOnly;${secure ? ' Secure;' : ''} SameSite=Lax`;

export function setSessionCookie(reply: FastifyReply, token: string, secure: boolean, maxAge: number): void {
  reply.header('set-cookie', cookieOf(token, secure, maxAge));
}

export function clearSessionCookie(reply: FastifyReply, secure: boolean): void {
  reply.header('set-cookie', cookieOf('', secure, 0));
}
