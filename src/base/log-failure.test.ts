import { pino } from 'pino';
import { expect, test } from 'vitest';
import { HoldfastError } from './errors.ts';
import { logFailure } from './log-failure.ts';

function logged(thrown: unknown, level = 'info') {
  const lines: { level: number; msg: string; reason?: string; err?: { stack: string } }[] = [];
  logFailure(pino({ level }, { write: (line) => lines.push(JSON.parse(line)) }), thrown, 'Not done; trying again');
  return lines;
}

const { warn, error, debug } = pino.levels.values;
const away = new HoldfastError('unavailable', 'The database cannot be used just now.', {
  cause: new Error('connection reset'),
});

test('what is down is a warning that says why, with its stack where somebody looks for it', () => {
  const line = { level: warn, code: 'unavailable', reason: 'connection reset', msg: 'Not done; trying again' };
  expect(logged(away)).toEqual([expect.objectContaining(line)]);
  const [, detailed] = logged(away, 'debug');
  expect(detailed).toMatchObject({ level: debug, err: { stack: expect.stringContaining('log-failure.test.ts') } });
});

test('a defect is an error with its stack', () => {
  const [line, ...more] = logged(new TypeError('x is undefined'));
  expect(line).toMatchObject({ level: error, err: { stack: expect.stringContaining('log-failure.test.ts') } });
  expect(more).toEqual([]);
});
