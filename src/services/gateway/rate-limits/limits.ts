import type { FastifyReply, FastifyRequest } from 'fastify';
import { HoldfastError } from '../../../base/errors.ts';
import { meter } from '../../../base/metrics.ts';
import { networkOf } from '../../../base/network.ts';
import { addressOf } from '../request.ts';
import type { Policy, WindowCounts } from './window-counts.ts';

/** Null: no limit. `window` in milliseconds. */
export type RateLimit = Pick<Policy, 'requests' | 'window'> | null;

export interface RateLimits {
  /** Of each owner. */
  readonly reads: RateLimit;
  readonly writes: RateLimit;
  /** Of each address, by whoever is not signed in. */
  readonly anonymous: RateLimit;
  /** Of each address, or owner: signing up, signing in, and what else has a password looked at. */
  readonly signIn: RateLimit;
}

export const NO_LIMITS: RateLimits = { reads: null, writes: null, anonymous: null, signIn: null };

/** By whom requests of a route are counted where nobody is signed in. `none`: not at all. */
export type AddressLimit = 'anonymous' | 'sign-in' | 'none';

const READS = ['GET', 'HEAD'];

/** Each throws `too_many_requests`, and says in the answer's headers where whoever asks stands. */
export interface Limiter {
  ofOwner(request: FastifyRequest, reply: FastifyReply, owner: string, limit?: AddressLimit): void;
  ofAddress(request: FastifyRequest, reply: FastifyReply, limit: AddressLimit): void;
}

export function createLimiter(counts: WindowCounts, limits: RateLimits): Limiter {
  const policy = (name: string, limit: RateLimit): Policy | undefined => (limit ? { name, ...limit } : undefined);
  const reads = policy('reads', limits.reads);
  const writes = policy('writes', limits.writes);
  const special = { anonymous: policy('anonymous', limits.anonymous), 'sign-in': policy('sign-in', limits.signIn) };

  return {
    ofOwner(request, reply, owner, which) {
      const ordinary = READS.includes(request.method) ? reads : writes;
      const limit = which === 'sign-in' ? special[which] : ordinary;
      if (limit) take(counts, limit, owner, reply);
    },
    ofAddress(request, reply, which) {
      const limit = which === 'none' ? undefined : special[which];
      // An address of IPv6 is one of the 2^64 that a home has.
      if (limit) take(counts, limit, networkOf(addressOf(request)), reply);
    },
  };
}

const refused = meter.createCounter('http.server.rate_limited', {
  description: 'Requests that were refused because a limit was reached.',
});

/** Headers as in draft-ietf-httpapi-ratelimit-headers-11. */
function take(counts: WindowCounts, policy: Policy, who: string, reply: FastifyReply): void {
  const { allowed, remaining, resetsIn } = counts.take(policy, who);
  const seconds = Math.max(1, Math.ceil(resetsIn / 1_000));
  reply.header('ratelimit-policy', `"${policy.name}";q=${policy.requests};w=${policy.window / 1_000}`);
  reply.header('ratelimit', `"${policy.name}";r=${remaining};t=${seconds}`);
  if (allowed) return;
  refused.add(1, { policy: policy.name });
  throw new HoldfastError('too_many_requests', `Too many requests. Go on in ${seconds} s.`, { retryAfter: seconds });
}
