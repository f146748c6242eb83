import { expect, test, vi } from 'vitest';
import { unlessAborted, withDeadline } from './deadline.ts';

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

test('what is done before an abort passes through', async () => {
  const { signal } = new AbortController();
  await expect(unlessAborted(signal, Promise.resolve('done'))).resolves.toBe('done');
  await expect(unlessAborted(signal, Promise.reject(new Error('failed')))).rejects.toThrow('failed');
});

test('what is aborted is not waited for', async () => {
  const abort = new AbortController();
  const waited = expect(unlessAborted(abort.signal, new Promise(() => {}))).rejects.toThrow('enough');
  abort.abort(new Error('enough'));
  await waited;
  await expect(unlessAborted(abort.signal, Promise.resolve('late'))).rejects.toThrow('enough');
});
