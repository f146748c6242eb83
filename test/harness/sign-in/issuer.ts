import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type JWTPayload, SignJWT } from 'jose';
import { type LocalServer, sendJson, serve } from '../local-server.ts';

export interface IssuerKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Somebody who issues JWTs: an application's own accounts. */
export interface Issuer extends LocalServer {
  /** What it shows. */
  keys: readonly IssuerKey[];
  broken: boolean;
  /** How often its keys were asked for. */
  fetched: number;
  readonly jwksUrl: string;
  /** A token of a user, good unless `claims` or `header` make it something else. Claims that are undefined are left out. */
  sign(claims?: JWTPayload, header?: Readonly<Record<string, unknown>>, key?: IssuerKey): Promise<string>;
}

export const AUDIENCE = 'https://files.example.com';

export function someKey(kid: string, alg: 'RS256' | 'ES256' | 'EdDSA' = 'ES256'): IssuerKey {
  const pair =
    alg === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : alg === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519');
  return { kid, alg, ...pair };
}

export const now = (): number => Math.floor(Date.now() / 1_000);

export async function startIssuer(): Promise<Issuer> {
  const server = await serve((request, response) => {
    if (issuer.broken) response.writeHead(503).end();
    else if (request.url === '/.well-known/openid-configuration') {
      sendJson(response, 200, { issuer: server.url, jwks_uri: issuer.jwksUrl });
    } else if (request.url === '/keys') {
      issuer.fetched += 1;
      const keys = issuer.keys.map(({ kid, alg, publicKey }) => ({
        ...publicKey.export({ format: 'jwk' }),
        kid,
        alg,
        use: 'sig',
      }));
      sendJson(response, 200, { keys });
    } else response.writeHead(404).end();
  });
  const issuer: Issuer = {
    ...server,
    keys: [someKey('one')],
    broken: false,
    fetched: 0,
    jwksUrl: `${server.url}/keys`,
    // A header `x` may be critical.
    async sign(claims = {}, header = {}, key = issuer.keys[0] as IssuerKey) {
      const all = { iss: server.url, aud: AUDIENCE, sub: crypto.randomUUID(), iat: now(), exp: now() + 300, ...claims };
      const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
      return new SignJWT(given)
        .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header })
        .sign(key.privateKey, { crit: { x: true } });
    },
  };
  return issuer;
}
