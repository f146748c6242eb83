import type { FastifyReply, FastifyRequest } from 'fastify';
import { HoldfastError } from '../../base/errors.ts';
import { CredentialKind } from '../../contract/holdfast/v1/auth.ts';

export interface Credential {
  readonly token: string;
  /** A cookie is sent by a browser whoever made it do so; a header is not. */
  readonly from: 'header' | 'cookie';
}

const BEARER = /^Bearer +([\w~+/.=-]{1,8192}) *$/i;

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

/** The cookie of a sign-in with a provider, which another may not take the place of, either. */
const signInCookieName = (secure: boolean): string => `${cookieName(secure)}-sign-in`;

/** As the Cookie header is written (RFC 6265, 4.2.1), with values that can be tokens of ours. */
const COOKIES = { true: cookiePattern(cookieName(true)), false: cookiePattern(cookieName(false)) };
const SIGN_IN_COOKIES = { true: cookiePattern(signInCookieName(true)), false: cookiePattern(signInCookieName(false)) };

function cookiePattern(name: string): RegExp {
  return new RegExp(`(?:^|; ?)${name}=([\\w-]{1,128})(?=;|$)`);
}

/** The session token that a browser brings; undefined for none, and for what cannot be one. */
export const sessionCookie = (header: string, secure: boolean): string | undefined =>
  COOKIES[`${secure}`].exec(header)?.[1];

/** What a browser brings that began to sign in with a provider; undefined for none. */
export const signInCookie = (header: string, secure: boolean): string | undefined =>
  SIGN_IN_COOKIES[`${secure}`].exec(header)?.[1];

/** Only a cookie is a cookie, and only a token is a token: neither serves in the place of the other. */
export const fits = ({ from }: Credential, kind: CredentialKind): boolean =>
  (from === 'cookie') === (kind === CredentialKind.SESSION);

/** Seconds that a browser keeps a session's cookie: as long as one can live. When it ends is for the server to say. */
export const SESSION_COOKIE_AGE = 90 * 24 * 3600;

/** No script can read it, no other site can have it sent along with a write. `maxAge` in seconds. */
const cookieOf = (name: string, token: string, secure: boolean, maxAge: number): string =>
  `${name}=${token}; Max-Age=${maxAge}; Path=/; HttpOnly;${secure ? ' Secure;' : ''} SameSite=Lax`;

/** Several of these headers go out side by side. */
export function setSessionCookie(reply: FastifyReply, token: string, secure: boolean, maxAge: number): void {
  reply.header('set-cookie', cookieOf(cookieName(secure), token, secure, maxAge));
}

export function clearSessionCookie(reply: FastifyReply, secure: boolean): void {
  reply.header('set-cookie', cookieOf(cookieName(secure), '', secure, 0));
}

export function setSignInCookie(reply: FastifyReply, token: string, secure: boolean, maxAge: number): void {
  reply.header('set-cookie', cookieOf(signInCookieName(secure), token, secure, maxAge));
}

export function clearSignInCookie(reply: FastifyReply, secure: boolean): void {
  reply.header('set-cookie', cookieOf(signInCookieName(secure), '', secure, 0));
}
