import { expect, test } from 'vitest';
import { traceIdOf } from '../../base/context.ts';
import { traceOf } from './trace.ts';

const ID = 'ab'.repeat(16);
const PARENT = `00-${ID}-${'cd'.repeat(8)}-01`;

test('a well-formed trace goes on, with its state', () => {
  expect(traceOf({ traceparent: PARENT, tracestate: 'vendor=1' })).toEqual({
    traceparent: PARENT,
    tracestate: 'vendor=1',
  });
  expect(traceOf({ traceparent: PARENT, tracestate: 'x'.repeat(513) })).toEqual({ traceparent: PARENT });
  expect(traceIdOf(traceOf({ traceparent: PARENT }))).toBe(ID);
});

test.each([
  undefined,
  '',
  'nonsense',
  PARENT.toUpperCase(),
  `${PARENT}-more`,
  `01${PARENT.slice(2)}`,
  `00-${'0'.repeat(32)}-${'cd'.repeat(8)}-01`,
  `00-${ID}-${'0'.repeat(16)}-01`,
])('%j is no trace', (traceparent) => {
  expect(traceOf({ traceparent, tracestate: 'vendor=1' })).toBeUndefined();
  expect(traceIdOf(undefined)).toBeUndefined();
});
