import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { declaredHash } from './declared-hash.ts';

const hex = createHash('sha256').update('hello').digest('hex');
const other = createHash('sha256').update('other').digest('hex');
const digest = `sha-256=:${Buffer.from(hex, 'hex').toString('base64')}:`;

describe('the SHA-256 that a client declares', () => {
  test.each([
    ['nowhere', {}, undefined, undefined],
    ['in the query', {}, hex, hex],
    ['in capitals', { 'x-content-sha256': hex.toUpperCase() }, undefined, hex],
    ['as Content-Digest', { 'content-digest': digest }, undefined, hex],
    ['beside another algorithm', { 'content-digest': `sha-512=:AAAA:, ${digest}` }, undefined, hex],
    ['by another algorithm alone', { 'content-digest': 'sha-512=:AAAA:' }, undefined, undefined],
    ['everywhere, the same', { 'content-digest': digest, 'x-content-sha256': hex }, hex, hex],
  ])('stands %s', (_, headers, query, expected) => expect(declaredHash(headers, query)).toBe(expected));

  test.each([
    ['that is too short', { 'x-content-sha256': 'abc' }, undefined],
    ['that is none in the query', {}, 'x'.repeat(64)],
    ['that is no byte sequence', { 'content-digest': `sha-256=${hex}` }, undefined],
    ['of another length', { 'content-digest': 'sha-256=:AAAA:' }, undefined],
    ['that differs from the other', { 'content-digest': digest }, other],
  ])('%s is refused', (_, headers, query) => {
    expect(() => declaredHash(headers, query)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });
});
