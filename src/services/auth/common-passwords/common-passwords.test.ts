import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isCommonPassword } from './index.ts';
import { isLeaked } from './leaked.ts';

const email = 'ada.lovelace@example.com';

test.each([
  'password',
  'Password1',
  'P@ssw0rd2026!',
  '!!letmein!!',
  'iloveyou2024',
  'Summer2026!',
  'dragon123',
  'passwordpassword',
  '12345678',
  '87654321',
  'qwertyuiop',
  'qwertz123456',
  '1qaz2wsx3edc',
  'zaq12wsx',
  'abcd1234',
  'aaaaaaaaaaaa',
  'abcabcabc',
  '19191919',
  'ada.lovelace@example.com',
  'Ada.Lovelace',
  'ada.lovelace99',
  '4815162342',
  'maverick',
  'MAVERICK',
  'Maverick2024!',
  'm4verick',
  'ｍａｖｅｒｉｃｋ',
  'ma\u{1d42f}erick',
])('%j is one that guessers try first', (password) => {
  expect(isCommonPassword(password, email)).toBe(true);
});

test.each(['correct horse battery', 'xK9#mq2Lpz', 'tidal lamp purple frost', 'maple zebra quiet dune', 'k7#vQ2zu'])(
  '%j is not',
  (password) => {
    expect(isCommonPassword(password, email)).toBe(false);
  },
);

test('each that leaked is refused, in any case, and none that holds one among other things', () => {
  const leaked = readFileSync(new URL('./leaked.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(leaked.length).toBeGreaterThan(10_000);
  fc.assert(
    fc.property(fc.constantFrom(...leaked), (password) => {
      expect(isCommonPassword(password, undefined)).toBe(true);
      expect(isCommonPassword(password.toUpperCase(), undefined)).toBe(true);
      expect(isLeaked(`${password} tidal lamp`)).toBe(false);
    }),
  );
  for (const none of ['', '\n', `${leaked[0]}\n${leaked[1]}`, '#', 'Copyright']) expect(isLeaked(none)).toBe(false);
});

test('hardly any random password is taken for a common one, and none takes long to look at', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 72 }), (password) => {
      isCommonPassword(password, email);
    }),
  );
  const letters = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789#%&'];
  fc.assert(
    fc.property(fc.uniqueArray(fc.constantFrom(...letters), { minLength: 14, maxLength: 20 }), (password) => {
      fc.pre(!/[a-z]{4}/i.test(password.join('')));
      expect(isCommonPassword(password.join(''), email)).toBe(false);
    }),
    { seed: 7 },
  );
});
