import { createSecretKey } from 'node:crypto';
import { SignJWT } from 'jose/jwt/sign';
import { jwtVerify } from 'jose/jwt/verify';
import { HoldfastError } from '../../base/errors.ts';
import { isId } from '../../base/ids.ts';

const ALGORITHM = 'HS256';
const NAME = 'holdfast';
export const ACCESS_TOKEN_SECONDS = 15 * 60;
/** Between the clocks of two instances. */
export const CLOCK_TOLERANCE_SECONDS = 5;
/** Ours have some 300 characters; what is longer is not worth hashing. */
const MAX_LENGTH = 2048;
/**
 * Three parts in base64url, the last a signature of 32 bytes. Its last character carries two bits that are not part of
 * the signature and must be zero: otherwise four spellings of a token would be good.
 */
const SHAPE = /^[\w-]+\.[\w-]+\.[\w-]{42}[AEIMQUYcgkosw048]$/;

export interface VerifiedToken {
  readonly userId: string;
  /** Unix time in seconds, as in the token. */
  readonly expiresAt: number;
}

export interface AccessTokens {
  issue(userId: string): Promise<string>;
  /** Throws `unauthenticated` for anything but a token of ours that is still good. */
  verify(token: string): Promise<VerifiedToken>;
}

/** JWTs (RFC 7519) signed with one key; the algorithm is ours to say, never the token's. */
export function createAccessTokens(signingKey: Uint8Array): AccessTokens {
  const key = createSecretKey(signingKey);
  return {
    issue: (userId) =>
      new SignJWT()
        .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
        .setSubject(userId)
        .setIssuer(NAME)
        .setAudience(NAME)
        .setIssuedAt()
        .setExpirationTime(`${ACCESS_TOKEN_SECONDS}s`)
        .sign(key),

    async verify(token) {
      if (token.length > MAX_LENGTH || !SHAPE.test(token)) throw notSignedIn();
      const { payload } = await jwtVerify(token, key, {
        algorithms: [ALGORITHM],
        typ: 'JWT',
        issuer: NAME,
        audience: NAME,
        requiredClaims: ['sub', 'iat', 'exp'],
        maxTokenAge: ACCESS_TOKEN_SECONDS,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
      }).catch((cause) => {
        throw notSignedIn(cause);
      });
      const { sub, exp } = payload;
      if (typeof sub !== 'string' || !isId(sub) || exp === undefined) throw notSignedIn();
      return { userId: sub, expiresAt: exp };
    },
  };
}

/** The same words for every reason, so that a forger learns nothing. */
export const notSignedIn = (cause?: unknown): HoldfastError =>
  new HoldfastError('unauthenticated', 'The access token is not valid or has expired. Log in again.', { cause });
