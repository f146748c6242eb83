import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { linger } from './linger.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('fires some time after the other, for the same reason', () => {
  const other = new AbortController();
  using lingering = linger(other.signal, 5_000);
  other.abort('stopped');
  vi.advanceTimersByTime(4_999);
  expect(lingering.signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(lingering.signal.reason).toBe('stopped');
});

test('is not kept by the other when it is not needed any more', () => {
  const other = new AbortController();
  for (let round = 0; round < 3; round++) {
    using lingering = linger(other.signal, 5_000);
    expect(lingering.signal.aborted).toBe(false);
  }
  expect(getEventListeners(other.signal, 'abort')).toEqual([]);
});
