import { expect, test } from 'vitest';
import { isAllowed } from './licences.ts';

test.each([
  ['MIT', true],
  ['GPL-3.0-only', false],
  ['LGPL-3.0-or-later', false],
  [undefined, false],
  ['', false],
  ['SEE LICENSE IN LICENSE.md', false],
  ['(MIT OR GPL-2.0-only)', true],
  ['GPL-2.0-only OR MIT', true],
  ['MIT AND GPL-2.0-only', false],
  ['(Apache-2.0 AND BSD-3-Clause)', true],
  ['MIT AND (ISC OR GPL-2.0-only)', true],
  ['MIT AND (LGPL-2.1-only OR GPL-2.0-only)', false],
  ['GPL-2.0-only OR MIT AND ISC', true],
  ['MIT AND ISC OR GPL-2.0-only', true],
  ['Apache-2.0 WITH LLVM-exception', false],
])('%s', (expression, allowed) => {
  expect(isAllowed('some-package', expression)).toBe(allowed);
});

test('an exception is for its packages alone', () => {
  expect(isAllowed('@img/sharp-libvips-linux-x64', 'LGPL-3.0-or-later')).toBe(true);
  expect(isAllowed('@img/sharp-win32-x64', 'Apache-2.0 AND LGPL-3.0-or-later')).toBe(true);
  expect(isAllowed('@img/other', 'LGPL-3.0-or-later')).toBe(false);
  expect(isAllowed('@img/sharp-libvips-linux-x64', 'GPL-3.0-only')).toBe(false);
});
