import { expect, test } from 'vitest';
import { ANONYMOUS, type CallContext, derived, serviceContext, withTimeout } from './context.ts';
import { createLogger } from './logger.ts';

const log = await createLogger({ level: 'silent', pretty: false });

test('a derived context has the change, and what it was derived from', () => {
  let made = 0;
  const context: CallContext = {
    principal: ANONYMOUS,
    requestId: 'one',
    get signal() {
      made += 1;
      return AbortSignal.abort();
    },
    log,
  };
  const changed = derived(context, { principal: { kind: 'service', name: 'files' } });
  expect(changed.principal).toEqual({ kind: 'service', name: 'files' });
  expect(changed.requestId).toBe('one');
  expect(made).toBe(0);
  expect(derived(context, { signal: new AbortController().signal }).signal.aborted).toBe(false);
  expect(context.principal).toBe(ANONYMOUS);
});

test('a timeout is a deadline, and a signal that says so', async () => {
  const context = withTimeout(serviceContext('test', log, 'one'), 20);
  expect(context.deadline).toBeLessThanOrEqual(Date.now() + 20);
  await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
  expect(context.signal.reason.name).toBe('TimeoutError');
});

test('a nearer deadline stays', () => {
  const near = withTimeout(serviceContext('test', log, 'one'), 60_000);
  expect(withTimeout(near, 300_000).deadline).toBe(near.deadline);
  expect(withTimeout(near, 10).deadline).toBeLessThan(near.deadline as number);
});

test('whoever is gone is gone for a derived call too', () => {
  const caller = new AbortController();
  const context = withTimeout(serviceContext('test', log, 'one', caller.signal), 5_000);
  caller.abort();
  expect(context.signal.aborted).toBe(true);
  expect(context.signal.reason.name).toBe('AbortError');
});
