import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ServerClock } from './server-clock.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => vi.useRealTimers());

/** A server whose clock is `ahead` of ours and whose answers take `takes`. */
function server(ahead: number) {
  const it = { ahead, takes: 0, asked: 0 };
  const ask = async () => {
    it.asked++;
    const time = Math.floor(performance.now() + it.ahead);
    vi.advanceTimersByTime(it.takes);
    return time;
  };
  return { it, clock: new ServerClock(ask) };
}

test('shows the time of the server, and asks once a second', async () => {
  const { it, clock } = server(1_000_000);
  expect(await clock.now()).toBe(1_000_000);
  vi.advanceTimersByTime(999);
  expect(await clock.now()).toBe(1_000_999);
  expect(it.asked).toBe(1);
  vi.advanceTimersByTime(1);
  it.ahead += 5_000;
  expect(await clock.now()).toBe(1_006_000);
  expect(it.asked).toBe(2);
});

test('asks once for all who ask meanwhile', async () => {
  const { it, clock } = server(0);
  await Promise.all([clock.now(), clock.now(), clock.now()]);
  expect(it.asked).toBe(1);
});

test('does not go on from a look that took long', async () => {
  const { it, clock } = server(0);
  it.takes = 51;
  expect(await clock.now()).toBe(0);
  expect(await clock.now()).toBe(51);
  expect(it.asked).toBe(2);
});

test('is never ahead, and not turned back by a slow look, but by the server', async () => {
  const { it, clock } = server(1_000_000);
  await clock.now();
  vi.advanceTimersByTime(990);
  expect(await clock.now()).toBe(1_000_990);
  vi.advanceTimersByTime(10);
  it.takes = 40;
  expect(await clock.now()).toBe(1_001_000);
  expect(await clock.now()).toBe(1_001_000);
  vi.advanceTimersByTime(1_000);
  it.ahead = 0;
  expect(await clock.now()).toBe(2_040);
});

test('asks again after a failure', async () => {
  let fails = true;
  const clock = new ServerClock(async () => {
    if (fails) throw new Error('away');
    return 7;
  });
  await expect(clock.now()).rejects.toThrow('away');
  fails = false;
  expect(await clock.now()).toBe(7);
});
