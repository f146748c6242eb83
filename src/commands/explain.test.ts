import { expect, test } from 'vitest';
import { StartError } from '../app/start-error.ts';
import { HoldfastError } from '../base/errors.ts';
import { explain } from './explain.ts';

const away = new Error('connect ECONNREFUSED 127.0.0.1:5432\nand more');

test('what is known is said in a line, with what stands behind it', () => {
  expect(explain(new StartError('Port 80 is in use.', away), {})).toEqual(['Port 80 is in use.']);
  const error = new HoldfastError('unavailable', 'The database is not available just now.', { cause: away });
  expect(explain(error, {})).toEqual(['The database is not available just now. (connect ECONNREFUSED 127.0.0.1:5432)']);
  expect(explain(new HoldfastError('forbidden', 'You may not.'), {})).toEqual(['You may not.']);
});

test('of what is not, it says where to look, and shows it when asked to', () => {
  for (const error of [new TypeError('x is not a function'), new HoldfastError('internal', 'x is not a function')]) {
    expect(explain(error, {})).toEqual(['x is not a function (Set LOG_LEVEL=debug to see where.)']);
    expect(explain(error, { LOG_LEVEL: 'debug' })).toEqual([error.stack]);
  }
});
