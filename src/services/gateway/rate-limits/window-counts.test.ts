import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Policy, type Untold, WindowCounts } from './window-counts.ts';

const MINUTE = 60_000;
const policy: Policy = { name: 'writes', requests: 3, window: MINUTE };

function atTime(start = 10 * MINUTE) {
  let time = start;
  return { now: () => time, pass: (milliseconds: number) => (time += milliseconds) };
}

/** What auth keeps. */
function sharedTotals() {
  const totals = new Map<string, number>();
  const add = (untold: readonly Untold[]) =>
    untold.map(({ key, count }) => {
      totals.set(key, (totals.get(key) ?? 0) + count);
      return totals.get(key) as number;
    });
  return { totals, add };
}

test('so many are let in until the window is over, by each policy and party', () => {
  const clock = atTime();
  const counts = new WindowCounts(clock);
  clock.pass(15_000);
  expect([1, 2, 3, 4, 5].map(() => counts.take(policy, 'ada'))).toEqual([
    { allowed: true, remaining: 2, resetsIn: 45_000 },
    { allowed: true, remaining: 1, resetsIn: 45_000 },
    { allowed: true, remaining: 0, resetsIn: 45_000 },
    { allowed: false, remaining: 0, resetsIn: 45_001 },
    { allowed: false, remaining: 0, resetsIn: 45_001 },
  ]);
  expect(counts.take(policy, 'grace').remaining).toBe(2);
  expect(counts.take({ ...policy, name: 'reads' }, 'ada').remaining).toBe(2);
  clock.pass(45_000);
  expect(counts.take(policy, 'ada')).toEqual({ allowed: false, remaining: 0, resetsIn: 1 });
});

test('the window before counts by what of it lies within the last minute', () => {
  const clock = atTime();
  const counts = new WindowCounts(clock);
  for (let time = 0; time < 3; time++) counts.take(policy, 'ada');
  clock.pass(MINUTE + 20_001);
  // Two of the three are that young, a little less.
  expect([1, 2].map(() => counts.take(policy, 'ada'))).toEqual([
    { allowed: true, remaining: 1, resetsIn: 39_999 },
    { allowed: true, remaining: 0, resetsIn: 39_999 },
  ]);
  expect(counts.take(policy, 'ada')).toEqual({ allowed: false, remaining: 0, resetsIn: 20_000 });
  clock.pass(2 * MINUTE);
  expect(counts.take(policy, 'ada').remaining).toBe(2);
});

test('no burst is twice the limit, wherever a window ends, and whoever waits as told is let in, no sooner', () => {
  const ask = fc.record({ after: fc.oneof(fc.nat(3), fc.nat(MINUTE)), times: fc.integer({ min: 1, max: 20 }) });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.array(ask, { maxLength: 30 }), (requests, asks) => {
      const limit = { name: 'reads', requests, window: MINUTE };
      const clock = atTime();
      const counts = new WindowCounts(clock);
      const letIn: number[] = [];
      const take = () => {
        const standing = counts.take(limit, 'ada');
        if (standing.allowed) letIn.push(clock.now());
        return standing;
      };
      for (const { after, times } of asks) {
        clock.pass(after);
        for (let time = 0; time < times; time++) {
          const { allowed, remaining, resetsIn } = take();
          if (allowed && time + 1 < times) expect(take().allowed).toBe(remaining > 0);
          if (allowed) continue;
          clock.pass(resetsIn - 1);
          expect(take().allowed).toBe(false);
          clock.pass(1);
          expect(take().allowed).toBe(true);
        }
      }
      letIn.forEach((from, first) => {
        letIn.forEach((to, last) => {
          const share = (to - from) / MINUTE;
          if (last < first || share > 1) return;
          expect(last - first + 1).toBeLessThanOrEqual(requests * (1 + share) + 1);
        });
      });
    }),
    { numRuns: 200 },
  );
});

describe('the exchange', () => {
  test('tells what was let in, once, and nobody’s name', async () => {
    const clock = atTime();
    const counts = new WindowCounts(clock);
    const told: Untold[][] = [];
    const exchange = (most = 100) =>
      counts.exchange(most, async (untold) => {
        told.push([...untold]);
        return untold.map(({ count }) => count);
      });
    expect(await exchange()).toBe(false);
    for (const who of ['ada', 'ada', 'grace']) counts.take(policy, who);
    expect(await exchange(1)).toBe(true);
    expect(await exchange(1)).toBe(false);
    expect(await exchange()).toBe(false);
    expect(told.flat().map(({ count, endsAt }) => [count, endsAt])).toEqual([
      [2, 11 * MINUTE],
      [1, 11 * MINUTE],
    ]);
    expect(new Set(told.flat().map(({ key }) => key)).size).toBe(2);
    for (const { key } of told.flat()) expect(key).toMatch(/^[\w-]{22}\.[a-z0-9]+$/);
    counts.take(policy, 'ada');
    clock.pass(MINUTE);
    expect(await exchange()).toBe(false);
    expect(told).toHaveLength(2);
  });

  test('makes the others’ requests count, and what could not be told is told later', async () => {
    const clock = atTime();
    const [one, other] = [new WindowCounts(clock), new WindowCounts(clock)];
    const { add } = sharedTotals();
    const away = async () => {
      throw new Error('away');
    };
    one.take(policy, 'ada');
    one.take(policy, 'ada');
    await expect(one.exchange(100, away)).rejects.toThrow('away');
    expect(one.take(policy, 'ada').remaining).toBe(0);
    expect(one.take(policy, 'ada').allowed).toBe(false);
    await one.exchange(100, async (untold) => add(untold));
    expect(other.take(policy, 'ada').allowed).toBe(true);
    await other.exchange(100, async (untold) => add(untold));
    expect(other.take(policy, 'ada').allowed).toBe(false);
  });
});

test('memory has a bound, whoever comes, and who comes all the time is not forgotten', async () => {
  const counts = new WindowCounts({ ...atTime(), remembered: 100 });
  for (let index = 0; index < 1_000; index++) {
    counts.take(policy, `passer-by ${index}`);
    expect(counts.take(policy, 'regular').allowed).toBe(index < 2);
    if (index === 1) expect(counts.take(policy, 'regular').allowed).toBe(true);
  }
  expect(counts.size).toBeLessThanOrEqual(100);
  const told: Untold[] = [];
  await counts.exchange(10_000, async (untold) => {
    told.push(...untold);
    return untold.map(({ count }) => count);
  });
  expect(told.length).toBeLessThanOrEqual(100);
});

test('what others have let in counts in the next window, too', async () => {
  const clock = atTime();
  const [one, other] = [new WindowCounts(clock), new WindowCounts(clock)];
  const { add } = sharedTotals();
  one.take(policy, 'ada');
  one.take(policy, 'ada');
  other.take(policy, 'ada');
  for (const counts of [one, other]) await counts.exchange(100, async (untold) => add(untold));
  clock.pass(MINUTE);
  expect(other.take(policy, 'ada').allowed).toBe(false);
});

test('no instance lets in more than the limit, by all that it can know', async () => {
  type Step = { readonly instance: number; readonly does: 'take' | 'tell' | 'fail' | 'lose' | 'wait' };
  const step: fc.Arbitrary<Step> = fc.record({
    instance: fc.nat(3),
    does: fc.constantFrom('take', 'take', 'take', 'take', 'tell', 'fail', 'lose', 'wait'),
  });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 60 }), async (requests, steps) => {
      const limit = { name: 'reads', requests, window: MINUTE };
      const clock = atTime();
      const { totals, add } = sharedTotals();
      const instances = Array.from({ length: 4 }, () => ({
        counts: new WindowCounts({ ...clock, remembered: 10 }),
        known: 0,
        own: 0,
      }));
      let letIn = 0;
      let isDoubled = false;
      for (const { instance, does } of steps) {
        const one = instances[instance] as (typeof instances)[0];
        const take = () => {
          const { allowed } = one.counts.take(limit, 'ada');
          // All it was told of, and what it let in since.
          const seen = one.known + one.own;
          if (allowed) expect(seen).toBeLessThan(requests);
          else if (!isDoubled) expect(seen).toBeGreaterThanOrEqual(requests);
          if (!allowed) return;
          // So beyond the limit is only what others have let in since it last heard of them.
          expect(letIn).toBeLessThan(requests + (letIn - seen));
          one.own += 1;
          letIn += 1;
        };
        if (does === 'take') take();
        else if (does === 'wait') {
          // Until nothing of the window before is left.
          clock.pass(2 * MINUTE);
          for (const each of instances) Object.assign(each, { known: 0, own: 0 });
          letIn = 0;
          isDoubled = false;
        } else {
          await one.counts
            .exchange(10, async (untold) => {
              if (does === 'fail') throw new Error('It was never told.');
              const before = one.own;
              const [total = 0] = add(untold);
              // Requests go on meanwhile.
              take();
              if (does === 'lose') {
                isDoubled = true;
                throw new Error('It was told, and nobody knows.');
              }
              one.known = total;
              one.own -= before;
              return [total];
            })
            .catch(() => {});
        }
      }
      expect(totals.size).toBeLessThanOrEqual(1 + steps.filter(({ does }) => does === 'wait').length);
    }),
    { numRuns: 150 },
  );
});
