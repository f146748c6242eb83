import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { openingLaws } from '../conformance/opening.ts';
import { outageLaws } from '../conformance/outages.ts';
import { restartLaws } from '../conformance/restarts.ts';
import { brokerConformance, namesOf } from '../conformance.ts';
import { openLocal } from './index.ts';

brokerConformance({
  name: 'the local broker',
  start: async () => ({ url: 'local:', stop: async () => {} }),
  skip: [
    {
      reason: 'it is within one process, and each that is opened is another',
      tests: [
        'shares the work of a group among instances, and brings all of it to listeners of each',
        'hands what one instance gives up at its close to another that is there',
        'brings again what a process held that was killed',
        'brings again what a process held that stands still, and bears that it wakes',
        'leaves a message with a handler that takes long',
        'loses nothing when one of many who race for it is killed',
        'brings 10,000 messages to two instances',
      ],
    },
    {
      reason: 'it has no server that could be away',
      tests: namesOf(outageLaws, restartLaws, openingLaws),
    },
  ],
});

describe('the local broker', () => {
  const log = pino({ level: 'silent' });

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
