import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normaliseEmail, requireEmail } from './email.ts';

test.each([
  ['ada@example.com', 'ada@example.com'],
  ['  Ada.Lovelace+files@EXAMPLE.com\n', 'ada.lovelace+files@example.com'],
  ['user@localhost', 'user@localhost'],
  ['pelé@exämple.com', 'pelé@exämple.com'],
  ['PELE\u0301@EXA\u0308MPLE.com', 'pelé@exämple.com'],
  ['用户@例子.广告', '用户@例子.广告'],
  [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
  [`a@${'b'.repeat(248)}.com`, `a@${'b'.repeat(248)}.com`],
])('%j is taken as %j', (given, normal) => {
  expect(normaliseEmail(given)).toBe(normal);
});

test.each([
  '',
  '@',
  'ada',
  'ada@',
  '@example.com',
  'ada@@example.com',
  'ada@example.com@example.org',
  'ada@example..com',
  'ada@.example.com',
  'ada@example.com.',
  'ada lovelace@example.com',
  'ada@exam\tple.com',
  'ada@example.com\r\nbcc: all@example.com',
  'ada\0@example.com',
  '<ada@example.com>',
  'ada@example.com>',
  'ada,grace@example.com',
  'ada(files)@example.com',
  '"ada"@example.com',
  'ada@[127.0.0.1]',
  'ad\u200ba@example.com',
  'ada@ex\u202eample.com',
  '\ud800@example.com',
  `${'a'.repeat(65)}@example.com`,
  `${'é'.repeat(33)}@example.com`,
  `a@${'b'.repeat(249)}.com`,
  'a'.repeat(1_000_000),
])('%j is refused', (given) => {
  expect(normaliseEmail(given)).toBeUndefined();
  expect(() => requireEmail(given)).toThrow(/e-mail address such as/);
});

test('a character beyond ASCII never becomes one of ASCII: the address may be another’s', () => {
  const posing = [];
  for (let point = 0x80; point <= 0x10ffff; point++) {
    const character = String.fromCodePoint(point);
    // Only these change.
    if (character.toLowerCase().normalize('NFC') === character) continue;
    const email = normaliseEmail(`a${character}a@example.com`);
    if (email !== undefined && /^[\x21-\x7e]+$/.test(email)) posing.push(point.toString(16));
  }
  expect(posing).toEqual([]);
});

test('what is normal stays as it is, whatever was given', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (local, domain) => {
      const normal = normaliseEmail(`${local}@${domain}`);
      if (normal !== undefined) expect(normaliseEmail(normal)).toBe(normal);
    }),
  );
});

test('however a keyboard spells it, it is one address', () => {
  const letter = fc.constantFrom(...'aeéñüåçøßжλ');
  fc.assert(
    fc.property(fc.string({ unit: letter, minLength: 1, maxLength: 20 }), (local) => {
      const normal = normaliseEmail(`${local}@example.com`);
      expect(normal).toBeDefined();
      expect(normaliseEmail(`${local.normalize('NFD')}@Example.COM`)).toBe(normal);
    }),
  );
});
