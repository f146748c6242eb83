import { JWKSNoMatchingKey } from 'jose/errors';
import { createLocalJWKSet } from 'jose/jwks/local';
import { HoldfastError } from '../../../base/errors.ts';
import type { Logger } from '../../../base/logger.ts';
import { fetchJson, fetchMetadata, NoAnswer } from '../fetch.ts';

export type FindKey = (...given: Parameters<ReturnType<typeof createLocalJWKSet>>) => Promise<CryptoKey>;

export interface IssuerKeysOptions {
  readonly issuer: string;
  /** Undefined: where the issuer's metadata says. */
  readonly jwksUrl: string | undefined;
  readonly log: Logger;
  readonly fetch?: typeof fetchJson;
  /** Milliseconds. */
  readonly now?: () => number;
}

const MINUTE = 60_000;
/** Milliseconds after which keys are fetched again: so long a key that the issuer took away is good here. */
export const FRESH = 10 * MINUTE;
/** Milliseconds that keys are used while the issuer cannot be reached. */
export const KEPT = 6 * 60 * MINUTE;
/** Milliseconds between two attempts to reach an issuer that cannot be reached. */
export const RETRY = 10_000;
/** Milliseconds between two fetches for a key that nobody knows: anybody can name one. */
export const COOLDOWN = 30_000;

type KeySet = Parameters<typeof createLocalJWKSet>[0];

/**
 * The keys of an issuer, kept here and fetched again now and then, and when a token names one that is not among them.
 * Throws `unavailable` where there are none that can be used, and what jose throws where none of them fits.
 */
export function createIssuerKeys({
  issuer,
  jwksUrl,
  log,
  fetch = fetchJson,
  now = Date.now,
}: IssuerKeysOptions): FindKey {
  let kept: { readonly find: FindKey; readonly since: number } | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;
  let cooledAt = Number.NEGATIVE_INFINITY;
  let underWay: Promise<void> | undefined;

  /** One at a time; whoever comes meanwhile waits for it. It never throws: what is kept stays. */
  const refresh = (): Promise<void> => {
    underWay ??= fetchKeys({ issuer, jwksUrl, fetch })
      .then((keys) => {
        kept = { find: createLocalJWKSet(keys), since: now() };
      })
      .catch((error) => {
        failedAt = now();
        log.warn({ issuer, reason: (error as Error).message }, 'the keys of an issuer could not be fetched');
      })
      .finally(() => {
        underWay = undefined;
      });
    return underWay;
  };

  const isUsable = () => kept !== undefined && now() - kept.since <= KEPT;
  const usable = () => {
    if (kept !== undefined && isUsable()) return kept;
    throw new HoldfastError(
      'unavailable',
      'Whoever issued this token cannot be reached just now. Try again in a moment.',
      {
        retryAfter: RETRY / 1_000,
      },
    );
  };

  return async (header, token) => {
    if (kept === undefined || now() - kept.since > FRESH) {
      const asked = underWay || now() - failedAt > RETRY ? refresh() : undefined;
      // Of an issuer that could not be reached a moment ago, nobody waits for who tries again.
      if (kept === undefined || !isUsable() || failedAt < kept.since) await asked;
    }
    const known = usable();
    try {
      return await known.find(header, token);
    } catch (error) {
      if (!(error instanceof JWKSNoMatchingKey) || (!underWay && now() - cooledAt <= COOLDOWN)) throw error;
      if (!underWay) cooledAt = now();
      await refresh();
      return usable().find(header, token);
    }
  };
}

/** The issuer's key set (RFC 7517). Throws `NoAnswer`, saying why there is none. */
export async function fetchKeys({
  issuer,
  jwksUrl,
  fetch = fetchJson,
}: Pick<IssuerKeysOptions, 'issuer' | 'jwksUrl' | 'fetch'>): Promise<KeySet> {
  const keys = await fetch(jwksUrl ?? (await discoverKeys(issuer, fetch)));
  if (Array.isArray(keys.keys)) return keys as unknown as KeySet;
  throw new NoAnswer('what it answered is no key set');
}

/** Where an issuer's metadata say that its keys are. */
async function discoverKeys(issuer: string, fetch: typeof fetchJson): Promise<string> {
  const { jwks_uri: url } = await fetchMetadata(issuer, fetch);
  const secure = issuer.startsWith('https:') ? /^https:/ : /^https?:/;
  if (typeof url === 'string' && secure.test(url) && URL.canParse(url)) return url;
  throw new NoAnswer('its metadata name no keys');
}
