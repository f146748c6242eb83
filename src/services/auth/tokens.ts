import { SignJWT } from 'jose/jwt/sign';
import { jwtVerify } from 'jose/jwt/verify';
import { HoldfastError } from '../../base/errors.ts';
import { isId } from '../../base/ids.ts';
import type { SigningKeys } from './signing-keys.ts';

const NAME = 'holdfast';
const TYPE = 'JWT';
export const ACCESS_TOKEN_SECONDS = 15 * 60;
/** Between the clocks of two instances. */
export const CLOCK_TOLERANCE_SECONDS = 5;
/** Ours have some 300 characters, with RSA some 800; what is longer is not worth hashing. */
const MAX_LENGTH = 2048;
/** Three parts in base64url. */
const SHAPE = /^([\w-]+)\.[\w-]+\.([\w-]+)$/;

export interface VerifiedToken {
  readonly userId: string;
  readonly sessionId: string;
  /** Unix time in seconds, as in the token. */
  readonly expiresAt: number;
}

export interface AccessTokens {
  issue(userId: string, sessionId: string): Promise<string>;
  /** Throws `unauthenticated` for anything but a token of ours that is still good. */
  verify(token: string): Promise<VerifiedToken>;
  /** As `SigningKeys.published`. */
  readonly publicKeys: SigningKeys['published'];
}

/** JWTs (RFC 7519). Key and algorithm are ours to say, never the token's: it names one of our keys at most. */
export function createAccessTokens(keys: SigningKeys): AccessTokens {
  return {
    publicKeys: keys.published,

    issue(userId, sessionId) {
      const { algorithm, id, sign } = keys.current;
      return new SignJWT({ sid: sessionId })
        .setProtectedHeader({ alg: algorithm, typ: TYPE, ...(id !== undefined && { kid: id }) })
        .setSubject(userId)
        .setIssuer(NAME)
        .setAudience(NAME)
        .setIssuedAt()
        .setExpirationTime(`${ACCESS_TOKEN_SECONDS}s`)
        .sign(sign);
    },

    async verify(token) {
      const key = keys.find(keyIdOf(token));
      if (!key) throw notSignedIn();
      const { payload } = await jwtVerify(token, key.verify, {
        algorithms: [key.algorithm],
        typ: TYPE,
        issuer: NAME,
        audience: NAME,
        requiredClaims: ['sub', 'iat', 'exp'],
        maxTokenAge: ACCESS_TOKEN_SECONDS,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
      }).catch((cause) => {
        throw notSignedIn(cause);
      });
      const { sub, sid, exp } = payload;
      if (typeof sub !== 'string' || !isId(sub) || exp === undefined) throw notSignedIn();
      if (typeof sid !== 'string' || !isId(sid)) throw notSignedIn();
      return { userId: sub, sessionId: sid, expiresAt: exp };
    },
  };
}

/** The key that a token names, undefined for none. Throws for what is no token. */
function keyIdOf(token: string): string | undefined {
  const [, header, signature] = (token.length <= MAX_LENGTH && SHAPE.exec(token)) || [];
  if (header === undefined || signature === undefined) throw notSignedIn();
  // The last character may carry bits that are no part of the signature: otherwise a token would have several spellings.
  if (Buffer.from(signature, 'base64url').toString('base64url') !== signature) throw notSignedIn();
  let kid: unknown;
  try {
    ({ kid } = JSON.parse(Buffer.from(header, 'base64url').toString()));
  } catch (cause) {
    throw notSignedIn(cause);
  }
  if (kid !== undefined && typeof kid !== 'string') throw notSignedIn();
  return kid;
}

/** The same words for every reason, so that a forger learns nothing. */
export const notSignedIn = (cause?: unknown): HoldfastError =>
  new HoldfastError('unauthenticated', 'The access token is not valid or has expired. Log in again.', { cause });
