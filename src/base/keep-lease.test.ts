import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HoldfastError, hasCode } from './errors.ts';
import { keepLease } from './keep-lease.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function lease(extend: () => Promise<unknown>) {
  const onLost = vi.fn();
  const onError = vi.fn();
  const extending = vi.fn(extend);
  const isLost = (error: unknown) => hasCode(error, 'lease_lost');
  const kept = keepLease({ duration: 30_000, extend: extending, isLost, onLost, onError });
  return { ...kept, extending, onLost, onError };
}

test('it is extended each third of its time, until it is let go', async () => {
  const { extending, letGo } = lease(async () => {});
  await vi.advanceTimersByTimeAsync(9_999);
  expect(extending).toHaveBeenCalledTimes(0);
  await vi.advanceTimersByTimeAsync(20_001);
  expect(extending).toHaveBeenCalledTimes(3);
  letGo();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(extending).toHaveBeenCalledTimes(3);
});

test('it is lost once', async () => {
  const { extending, onLost, onError } = lease(async () => {
    throw new HoldfastError('lease_lost', 'Lost.');
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(onLost).toHaveBeenCalledTimes(1);
  expect(onError).not.toHaveBeenCalled();
  expect(extending).toHaveBeenCalledTimes(1);
});

test('other trouble is told, and it is tried again; never twice at a time', async () => {
  const { extending, onLost, onError } = lease(
    () => new Promise((_, reject) => setTimeout(() => reject(new HoldfastError('unavailable', 'Later.')), 15_000)),
  );
  await vi.advanceTimersByTimeAsync(44_000);
  expect(extending).toHaveBeenCalledTimes(2);
  expect(onError).toHaveBeenCalledTimes(1);
  expect(onLost).not.toHaveBeenCalled();
});
