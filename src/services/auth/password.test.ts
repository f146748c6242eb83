import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalisePassword, requirePassword } from './password.ts';

const problemWith = (password: string): string => {
  try {
    requirePassword(password);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

test('8 characters to 72 bytes are taken', () => {
  expect(problemWith('a'.repeat(7))).toContain('at least 8 characters');
  expect(problemWith('k7#vQ2zu')).toBe('');
  expect(problemWith('tidal lamp purple frost '.repeat(3))).toBe('');
  expect(problemWith('a'.repeat(73))).toContain('at most 72 bytes');
});

test('characters are counted as people count them, and bytes as bcrypt does', () => {
  expect(problemWith('🔑'.repeat(7))).toContain('at least 8 characters');
  expect(problemWith('🔑🪣🧭🎻🧲🪁🛶🧵🪺')).toBe('');
  expect(problemWith('🔑'.repeat(19))).toContain('at most 72 bytes');
});

test('a lone surrogate, which would be the same as any other, is refused', () => {
  expect(problemWith('password\ud800')).toContain('not valid text');
  expect(normalisePassword('password\ud800')).toBeUndefined();
});

test('what can be set can be entered, however a keyboard spells it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 4, maxLength: 40 }), (password) => {
      const entered = normalisePassword(password);
      expect(normalisePassword(password.normalize('NFD'))).toBe(entered);
      // What cannot be set may still be entered: it was set before it was known to be common.
      if (problemWith(password) === '') expect(entered).toBe(requirePassword(password));
    }),
  );
});
