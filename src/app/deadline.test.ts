import { expect, test, vi } from 'vitest';
import { withDeadline } from './deadline.ts';

test('what is done in time passes through, what it throws too', async () => {
  await expect(withDeadline(10_000, Promise.resolve('done'))).resolves.toBe('done');
  await expect(withDeadline(10_000, Promise.reject(new Error('failed')))).rejects.toThrow('failed');
});

test('what is not done in time is not waited for', async () => {
  vi.useFakeTimers();
  try {
    const waited = expect(withDeadline(2_000, new Promise(() => {}))).rejects.toThrow('not done after 2 s');
    await vi.advanceTimersByTimeAsync(2_000);
    await waited;
  } finally {
    vi.useRealTimers();
  }
});
