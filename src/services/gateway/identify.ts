import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type CallContext, derived } from '../../base/context.ts';
import type { AuthenticateResponse } from '../../contract/holdfast/v1/auth.ts';
import type { GatewayDeps } from './deps.ts';

/** Milliseconds that a credential may still be good here after it was revoked. Nobody else remembers it. */
const TRUSTED_FOR = 1_000;
const REMEMBERED = 10_000;
/** Milliseconds for an answer that many may wait for. */
const TIMEOUT = 10_000;

/**
 * Who bears a credential. This stands before every request, so a good answer is remembered for a second, counted from
 * when it was asked for; requests that come together with the same credential wait for one answer. A refusal is never
 * remembered. `anew`: what is remembered will not do.
 */
export function createIdentify(auth: Pick<GatewayDeps['auth'], 'authenticate'>) {
  const answers = new LRUCache<string, Promise<AuthenticateResponse>>({ max: REMEMBERED, ttl: TRUSTED_FOR });

  return async (token: string, context: CallContext, anew = false): Promise<AuthenticateResponse> => {
    // The key is a hash because what is kept longer than a request should not be a credential.
    const key = hash('sha256', token, 'base64');
    const remembered = anew ? undefined : answers.get(key);
    if (remembered) {
      const answer = await remembered;
      if (answer.expiresAt === undefined || Date.now() < answer.expiresAt.getTime()) return answer;
    }
    // The client who asked first may go away; others wait for the same answer.
    const asked = auth.authenticate({ token }, derived(context, { signal: AbortSignal.timeout(TIMEOUT) }));
    answers.set(key, asked);
    asked.catch(() => {
      if (answers.peek(key) === asked) answers.delete(key);
    });
    return asked;
  };
}
