import { assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import type { SignedGrant } from '../port.ts';
import { createSigner } from './signing.ts';

const signer = createSigner(Buffer.alloc(32, 1));
const grant: SignedGrant = { action: 'put', key: 'in/a', size: 5, contentType: 'text/plain; charset=utf-8' };
const expiresAt = new Date(1_800_000_000_000);
const token = signer.sign(grant, expiresAt);
const before = expiresAt.getTime() - 1;

test('a token tells what was granted, until it expires', () => {
  expect(signer.verify(token, before)).toEqual(grant);
  expect(() => signer.verify(token, expiresAt.getTime())).toThrow(
    expect.objectContaining({ code: 'signature_expired' }),
  );
});

test('a token needs nothing but the characters of base64url and a dot', () => {
  expect(token).toMatch(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}$/);
});

test('a token of another key, or with anything changed, is none', () => {
  const invalid = (text: string): void => {
    expect(() => signer.verify(text, before)).toThrow(expect.objectContaining({ code: 'signature_invalid' }));
  };
  invalid(createSigner(Buffer.alloc(32, 2)).sign(grant, expiresAt));
  for (let at = 0; at < token.length; at += 9) {
    for (const other of ['A', 'B', '.']) {
      if (token[at] !== other) invalid(token.slice(0, at) + other + token.slice(at + 1));
    }
    invalid(token.slice(0, at));
  }
  // The last character of 32 bytes in base64url leaves two bits open.
  const last = token.at(-1) as string;
  for (const other of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=') {
    if (other !== last) invalid(token.slice(0, -1) + other);
  }
  invalid(`${token}=`);
  assert(property(string({ unit: 'binary' }), invalid));
});
