import { parseDuration } from '../base/units.ts';
import { setting } from './setting.ts';

const HOUR = 3600_000;

/** Requests in a window of time (milliseconds), from `600/1m`; null for `off`. */
function rate(text: string): { readonly requests: number; readonly window: number } | null | undefined {
  if (text === 'off') return null;
  const [, requests, time = ''] = /^([1-9]\d{0,8})\/(\w+)$/.exec(text) ?? [];
  const window = parseDuration(time);
  if (requests === undefined || window === undefined || window < 1_000 || window > HOUR) return undefined;
  return { requests: Number(requests), window };
}

const limit = (name: string, fallback: string, about: string) =>
  setting(name, fallback, 'off, or requests in a time from 1s to 1h, such as 600/1m', rate, about);

/** How many requests are let in. */
export const LIMITS = {
  rateLimitReads: limit('RATE_LIMIT_READS', 'off', 'Requests that change nothing, by each owner: `6000/1m`, or `off`.'),
  rateLimitWrites: limit('RATE_LIMIT_WRITES', 'off', 'Requests that change something, by each owner.'),
  rateLimitAnonymous: limit(
    'RATE_LIMIT_ANONYMOUS',
    'off',
    'Requests from each address by whoever is not signed in: public files, signed URLs, credentials that are refused.',
  ),
  rateLimitSignIn: limit('RATE_LIMIT_SIGN_IN', '60/1m', 'Sign-ups, log-ins and what goes by mail, from each address.'),
} as const;
