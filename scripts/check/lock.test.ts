import { expect, test } from 'vitest';
import { gapsOf, type Lock } from './lock.ts';

const pinned = { version: '1.0.0', integrity: 'sha512-x' };

const whole: Lock = {
  '': { dependencies: { a: '^1.0.0' } },
  'node_modules/a': {
    ...pinned,
    dependencies: { b: '^1.0.0', c: '^1.0.0' },
    optionalDependencies: { '@x/mac': '1.0.0' },
  },
  'node_modules/@x/mac': pinned,
  'node_modules/b': pinned,
  'node_modules/a/node_modules/c': { ...pinned, dependencies: { b: '^1.0.0' } },
};

test('a whole lock has no gaps', () => expect(gapsOf(whole)).toEqual([]));

test('what is missing for another platform is found', () => {
  const { 'node_modules/@x/mac': _, ...rest } = whole;
  expect(gapsOf(rest)).toEqual(['@x/mac, which node_modules/a asks for, is missing']);
});

test('what only another package can reach is missing', () => {
  const lock = { ...whole, 'node_modules/b': { ...pinned, dependencies: { c: '^1.0.0' } } };
  expect(gapsOf(lock)).toEqual(['c, which node_modules/b asks for, is missing']);
});

test('a package without a hash is found', () => {
  expect(gapsOf({ ...whole, 'node_modules/b': { version: '1.0.0' } })).toEqual([
    'node_modules/b has no version or no hash',
  ]);
});
