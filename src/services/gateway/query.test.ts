import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { metadataFilter, toSort } from './query.ts';

describe('metadataFilter', () => {
  it('takes what begins with "metadata." and nothing else', () => {
    const filter = metadataFilter({ q: 'x', 'metadata.a': '1', 'metadata.b.c': '', metadata: 'y' });
    expect({ ...filter }).toEqual({ a: '1', 'b.c': '' });
  });

  it('gives every key back', () => {
    const key = fc.string({ minLength: 1 });
    fc.assert(
      fc.property(fc.dictionary(key, fc.string()), (metadata) => {
        const query = Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`metadata.${name}`, value]));
        expect(Object.entries(metadataFilter(query))).toEqual(Object.entries(metadata));
      }),
    );
  });

  it('lets no key touch a prototype', () => {
    const filter = metadataFilter({ 'metadata.__proto__': 'x', 'metadata.constructor': 'y' });
    expect(Object.entries(filter)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it('refuses a key without a name, and one that is given twice', () => {
    expect(() => metadataFilter({ 'metadata.': 'x' })).toThrow(/names no key/);
    expect(() => metadataFilter({ 'metadata.a': ['x', 'y'] })).toThrow(/more than once/);
  });
});

describe('toSort', () => {
  it('speaks the words of the contract', () => {
    expect([undefined, 'createdAt', '-createdAt', 'name', '-size'].map(toSort)).toEqual([
      '',
      'created_at',
      '-created_at',
      'name',
      '-size',
    ]);
  });
});
