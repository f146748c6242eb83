import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { brokerConformance } from '../conformance.ts';
import { openLocal } from './index.ts';

brokerConformance({ name: 'the local broker', start: async () => ({ url: 'local:', stop: async () => {} }) });

describe('the local broker', () => {
  const log = pino({ level: 'silent' });

  test('keeps a bounded number of messages, and drops the oldest', async () => {
    const broker = await openLocal('local:', { log });
    const away = await broker.consume('t', { group: 'g', concurrency: 1 }, async () => {});
    await away.stop();
    for (let n = 0; n < 10_500; n++) await broker.publish('t', { n });
    const got: number[] = [];
    await new Promise<void>((resolve) => {
      void broker.consume('t', { group: 'g', concurrency: 1 }, async ({ n }) => {
        got.push(n as number);
        if (n === 10_499) resolve();
      });
    });
    expect(got).toHaveLength(10_000);
    expect(got[0]).toBe(500);
    await broker.close();
  });

  test('drops what failed before what was never tried', async () => {
    const broker = await openLocal('local:', { log });
    const failing = await broker.consume('t', { group: 'g', concurrency: 100 }, async () => {
      throw new Error('no');
    });
    for (let n = 0; n < 50; n++) await broker.publish('t', { n });
    await new Promise(setImmediate);
    await failing.stop();
    for (let n = 50; n < 10_050; n++) await broker.publish('t', { n });
    const got: number[] = [];
    await broker.consume('t', { group: 'g', concurrency: 1 }, async ({ n }) => {
      got.push(n as number);
    });
    while (got.length < 10_000) await new Promise(setImmediate);
    expect(got[0]).toBe(50);
    await broker.close();
  });

  test('refuses a URL that says more', async () => {
    await expect(openLocal('local://host', { log })).rejects.toThrow('expected local:');
  });
});
