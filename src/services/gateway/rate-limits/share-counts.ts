import { serviceContext, withTimeout } from '../../../base/context.ts';
import { newId } from '../../../base/ids.ts';
import { type Loop, startLoop } from '../../../base/lifecycle.ts';
import type { Logger } from '../../../base/logger.ts';
import type { RateLimitServiceDefinition } from '../../../contract/holdfast/internal/v1/rate_limit.ts';
import type { Service } from '../../../rpc/contract.ts';
import type { WindowCounts } from './window-counts.ts';

/** Milliseconds between exchanges. */
const EVERY = 1_000;
/** Parties in one call, and calls in one exchange. */
const AT_ONCE = 1_000;
const CALLS = 20;
/** Milliseconds for one call. */
const TIMEOUT = 5_000;

/** Has all gateways count together, about once a second. While that cannot be, this one goes on by its own counts. */
export function shareCounts(counts: WindowCounts, rateLimits: Service<RateLimitServiceDefinition>, log: Logger): Loop {
  let isAway = false;
  return startLoop({
    every: EVERY,
    async round(signal) {
      const context = serviceContext('gateway', log, newId(), signal);
      for (let call = 0; call < CALLS; call++) {
        const isMore = await counts.exchange(AT_ONCE, async (untold) => {
          const told = untold.map(({ key, count, endsAt }) => ({ key, count, endsAt: new Date(endsAt) }));
          return (await rateLimits.addRequests({ counts: told }, withTimeout(context, TIMEOUT))).totals;
        });
        if (!isMore) break;
      }
      isAway = false;
    },
    onError(error) {
      if (!isAway) log.warn({ err: error }, 'requests are counted by this gateway alone for now');
      isAway = true;
    },
  });
}
