import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose/jwk/thumbprint';

/** With what access tokens are signed and verified. The algorithm belongs to the key: a token has no say in it. */
export interface SigningKey {
  readonly algorithm: string;
  /** RFC 7638; undefined for a secret, of which there is one. */
  readonly id: string | undefined;
  readonly sign: KeyObject;
  readonly verify: KeyObject;
}

export interface SigningKeys {
  readonly current: SigningKey;
  /** The key that a token says it was signed with; undefined where it is none of ours. */
  find(id: string | undefined): SigningKey | undefined;
  /** The public keys (RFC 7517); none for a secret. */
  readonly published: readonly Readonly<Record<string, unknown>>[];
}

/** A key that cannot be used. Its message says to the operator why. */
export class UnusableKey extends Error {}

const MIN_RSA_BITS = 2048;

/** HMAC with a secret that verifies as it signs. At least 32 bytes. */
export function secretKey(secret: Uint8Array): SigningKeys {
  const key = createSecretKey(secret);
  const current = { algorithm: 'HS256', id: undefined, sign: key, verify: key };
  return { current, find: (id) => (id === undefined ? current : undefined), published: [] };
}

/**
 * Private keys in PEM. The first signs; the others are there for tokens that they signed before: to rotate, put a new one
 * before them, and take the last away when its tokens have expired. Throws `UnusableKey`.
 */
export async function privateKeys(pems: readonly string[]): Promise<SigningKeys> {
  const keys = await Promise.all(pems.map(readKey));
  const byId = new Map(keys.map((key) => [key.id, key]));
  const [current] = keys;
  if (!current) throw new UnusableKey('There is no key.');
  return {
    current,
    find: (id) => (id === undefined ? undefined : byId.get(id)),
    published: keys.map(({ verify, id, algorithm }) => ({
      ...verify.export({ format: 'jwk' }),
      kid: id,
      alg: algorithm,
      use: 'sig',
    })),
  };
}

async function readKey(pem: string): Promise<SigningKey & { readonly id: string }> {
  let sign: KeyObject;
  try {
    sign = createPrivateKey(pem);
  } catch (error) {
    throw new UnusableKey('It is no private key in PEM without a passphrase.', { cause: error });
  }
  const verify = createPublicKey(sign);
  const id = await calculateJwkThumbprint(
    verify.export({ format: 'jwk' }) as Parameters<typeof calculateJwkThumbprint>[0],
  );
  return { algorithm: algorithmOf(sign), id, sign, verify };
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): string {
  const { namedCurve, modulusLength = 0 } = asymmetricKeyDetails;
  if (asymmetricKeyType === 'ed25519') return 'EdDSA';
  if (asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return 'ES256';
  if (asymmetricKeyType === 'rsa' && modulusLength >= MIN_RSA_BITS) return 'RS256';
  throw new UnusableKey(`It must be Ed25519, P-256, or RSA of at least ${MIN_RSA_BITS} bits.`);
}
