import { HoldfastError } from '../../../base/errors.ts';
import { requireService } from '../access.ts';
import type { RateLimitVerb } from '../deps.ts';

const MOST = 1_000;
const LONGEST_KEY = 64;
/** Milliseconds that a row outlives its window: the clocks of gateways are not quite alike. */
const AFTERWARDS = 60_000;

/** One unit for all keys, however many: gateways call about once a second. */
export const addRequests: RateLimitVerb<'addRequests'> =
  ({ db }) =>
  async ({ counts }, context) => {
    requireService(context);
    const keys = counts.map(({ key }) => key);
    const isSound = counts.every(
      ({ key, count }) =>
        /^[\w.:-]+$/.test(key) && key.length <= LONGEST_KEY && Number.isSafeInteger(count) && count >= 0,
    );
    if (!isSound || counts.length === 0 || counts.length > MOST || new Set(keys).size < keys.length) {
      throw new HoldfastError('invalid_request', `The counts must be 1 to ${MOST}, each with a key of its own.`);
    }
    // Everybody locks in this order.
    const rows = counts
      .map(({ key, count, endsAt }) => ({
        name: key,
        requests: count,
        expires_at: (endsAt?.getTime() ?? Date.now()) + AFTERWARDS,
      }))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
    const found = await db.unit(async (tx) => {
      await db.dialect.insertOrAdd(tx, 'rate_windows', rows, { key: 'name', number: 'requests' });
      return tx.selectFrom('rate_windows').select(['name', 'requests']).where('name', 'in', keys).execute();
    });
    const totals = new Map(found.map(({ name, requests }) => [name, requests]));
    return { totals: keys.map((key) => totals.get(key) ?? 0) };
  };
