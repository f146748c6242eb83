import { hash } from 'node:crypto';
import type { Kysely } from 'kysely';
import { LRUCache } from 'lru-cache';
import type { AuthenticateRequest, AuthenticateResponse } from '../../contract/holdfast/v1/auth.ts';
import type { AuthTables } from './tables.ts';
import { type AccessTokens, CLOCK_TOLERANCE_SECONDS, notSignedIn } from './tokens.ts';

/** How long an account that is gone may still be taken for one, in milliseconds. */
const TRUSTED_FOR = 1_000;
const REMEMBERED = 10_000;

/**
 * Who bears a token. This stands before every request, so a good answer is remembered for a second; requests that
 * come together with the same token wait for one check. A refusal is never remembered.
 */
export function createAuthenticate(reader: Kysely<AuthTables>, tokens: AccessTokens) {
  const checks = new LRUCache<string, Promise<AuthenticateResponse>>({ max: REMEMBERED, ttl: TRUSTED_FOR });

  async function check(token: string): Promise<AuthenticateResponse> {
    const { userId, expiresAt } = await tokens.verify(token);
    const user = await reader.selectFrom('users').select('id').where('id', '=', userId).executeTakeFirst();
    if (!user) throw notSignedIn();
    return { userId, expiresAt: new Date(expiresAt * 1_000) };
  }

  return async ({ token }: AuthenticateRequest): Promise<AuthenticateResponse> => {
    // The key is a hash because what is kept longer than a request should not be a credential.
    const key = hash('sha256', token, 'base64');
    const remembered = checks.get(key);
    if (remembered) {
      const answer = await remembered;
      if (Date.now() < (answer.expiresAt?.getTime() ?? 0) + CLOCK_TOLERANCE_SECONDS * 1_000) return answer;
    }
    const checked = check(token);
    checks.set(key, checked);
    checked.catch(() => {
      if (checks.peek(key) === checked) checks.delete(key);
    });
    return checked;
  };
}
