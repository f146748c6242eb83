import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashOf, isToken, newToken, PREFIX, successorOf, type TokenKind } from './secret-tokens.ts';

const KINDS = Object.keys(PREFIX) as TokenKind[];

test('each kind is told at sight, from every other', () => {
  for (const kind of KINDS) {
    const token = newToken(kind);
    expect(token.startsWith(PREFIX[kind])).toBe(true);
    expect(KINDS.filter((other) => isToken(other, token))).toEqual([kind]);
    expect(newToken(kind)).not.toBe(token);
    expect(hashOf(token)).toMatch(/^[0-9a-f]{64}$/);
  }
});

test('one that was mistyped is known as such', () => {
  const token = newToken('api');
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.constantFrom('a', 'Z', '0', '-', '_', ''), (at, character) => {
      fc.pre(token[at] !== character);
      expect(isToken('api', token.slice(0, at) + character + token.slice(at + 1))).toBe(false);
    }),
  );
});

test('a successor is the same each time, another for another token or key, and never its predecessor', () => {
  const [key, other] = [randomBytes(32), randomBytes(32)];
  const token = newToken('refresh');
  const next = successorOf('refresh', token, key);
  expect(isToken('refresh', next)).toBe(true);
  expect(successorOf('refresh', token, key)).toBe(next);
  expect(new Set([token, next, successorOf('refresh', token, other), successorOf('refresh', next, key)]).size).toBe(4);
});
