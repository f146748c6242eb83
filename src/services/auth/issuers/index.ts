import { jwtVerify } from 'jose/jwt/verify';
import { HoldfastError } from '../../../base/errors.ts';
import type { Logger } from '../../../base/logger.ts';
import { emailIfAny } from '../email.ts';
import { NoAnswer } from '../fetch.ts';
import { CLOCK_TOLERANCE_SECONDS, notSignedIn } from '../tokens.ts';
import { createIssuerKeys, type FindKey, fetchKeys } from './keys.ts';

/** An issuer of JWTs other than we, whose users are users here. */
export interface IssuerSettings {
  /** As it stands in `iss`. */
  readonly issuer: string;
  /** Where its keys are; undefined: where its metadata say. */
  readonly jwksUrl: string | undefined;
  /** What `aud` has to hold: this server, as the issuer calls it. */
  readonly audience: string;
}

/** Of whom a token speaks. */
export interface VouchedFor {
  readonly issuer: string;
  readonly subject: string;
  /** Unix time in seconds, as in the token. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** As the issuer says, for people to read; whether it is verified does not matter, because nothing is decided by it. */
  readonly email: string | null;
  readonly name: string | undefined;
}

export interface Issuers {
  /** Undefined for a token of none of them: it says so itself, and is not believed in anything else. */
  issuerOf(token: string): string | undefined;
  /** Throws `unauthenticated` for anything but a good token of that issuer, `unavailable` while its keys cannot be had. */
  verify(issuer: string, token: string): Promise<VouchedFor>;
  readonly names: readonly string[];
}

/** A header of 16 KB is all that servers take. */
const MAX_LENGTH = 8192;
const SHAPE = /^[\w-]+\.([\w-]+)\.[\w-]+$/;
/** Signed with keys of which the other half is public; with a secret everybody who verifies could sign, too. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
/** RFC 9068 names access tokens; most issuers say `JWT` or nothing. Tokens for other ends name those. */
const TYPES = /^(application\/)?(at\+)?jwt$/i;
/** OpenID Connect Core, section 2: no more than 255 ASCII characters. */
const MAX_SUBJECT_BYTES = 255;
/** The end of the year 9999, where dates that can be written end. */
const LAST_SECOND = 253_402_300_799;
const CONTROL = /\p{Cc}/u;

export function createIssuers(settings: readonly IssuerSettings[], log: Logger): Issuers {
  const known = new Map(settings.map((one) => [one.issuer, { ...one, find: createIssuerKeys({ ...one, log }) }]));
  return {
    names: [...known.keys()],

    issuerOf(token) {
      if (known.size === 0) return undefined;
      const payload = token.length <= MAX_LENGTH ? SHAPE.exec(token)?.[1] : undefined;
      const issuer = payload === undefined ? undefined : claimedIssuer(payload);
      return issuer !== undefined && known.has(issuer) ? issuer : undefined;
    },

    async verify(issuer, token) {
      const one = known.get(issuer);
      if (!one) throw notSignedIn();
      return verify(token, one);
    },
  };
}

function claimedIssuer(payload: string): string | undefined {
  try {
    const { iss } = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return typeof iss === 'string' ? iss : undefined;
  } catch {
    return undefined;
  }
}

async function verify(
  token: string,
  { issuer, audience, find }: IssuerSettings & { readonly find: FindKey },
): Promise<VouchedFor> {
  const { payload, protectedHeader } = await jwtVerify(token, find, {
    algorithms: ALGORITHMS,
    issuer,
    audience,
    requiredClaims: ['sub', 'iat', 'exp'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
  }).catch((cause) => {
    throw cause instanceof HoldfastError ? cause : notSignedIn(cause);
  });
  const { sub, iat, exp, cnf, email, name } = payload;
  if (protectedHeader.typ !== undefined && !TYPES.test(protectedHeader.typ)) throw notSignedIn();
  // It is bound to a key that whoever bears it has to show (RFC 7800), and nobody shows one here.
  if (cnf !== undefined) throw notSignedIn();
  if (typeof iat !== 'number' || iat > Date.now() / 1_000 + CLOCK_TOLERANCE_SECONDS) throw notSignedIn();
  if (typeof exp !== 'number' || exp > LAST_SECOND) throw notSignedIn();
  if (typeof sub !== 'string' || !isSubject(sub)) throw notSignedIn();
  return {
    issuer,
    subject: sub,
    issuedAt: iat,
    expiresAt: exp,
    email: emailIfAny(email),
    name: typeof name === 'string' ? name : undefined,
  };
}

/** What can be somebody's name for good, to us as to the issuer. */
export const isSubject = (text: string): boolean =>
  text !== '' && text.isWellFormed() && Buffer.byteLength(text) <= MAX_SUBJECT_BYTES && !CONTROL.test(text);

/** How many keys an issuer has that could sign for it. Throws an `Error` that says, for the operator, why there are none. */
export async function countIssuerKeys(settings: Pick<IssuerSettings, 'issuer' | 'jwksUrl'>): Promise<number> {
  const { keys } = await fetchKeys(settings);
  const usable = keys.filter(({ kty, use }) => kty !== 'oct' && use !== 'enc').length;
  if (usable === 0) throw new NoAnswer('none of its keys is for signatures that others can verify');
  return usable;
}
