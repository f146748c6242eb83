import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkMetadata, nameKey, normalizeFolder, normalizeName } from './names.ts';

describe('names', () => {
  it.each([
    ['a path', '../../etc/passwd'],
    ['a backslash', 'a\\b'],
    ['NUL', 'a\0b'],
    ['a line break', 'a\nb'],
    ['a turned direction', 'photo\u202egpj.exe'],
    ['nothing', ''],
    ['blanks', '   '],
    ['a dot', '.'],
    ['two dots', '..'],
    ['300 characters', 'x'.repeat(300)],
    ['half a character', 'a\ud800'],
  ])('refuses %s', (_, name) => {
    expect(() => normalizeName(name)).toThrow(expect.objectContaining({ code: 'invalid_name' }));
  });

  it.each(['photo.jpg', '.hidden', 'Größe.pdf', '写真.png', '👩‍👩‍👧.gif', 'a  b', 'x'.repeat(255), '👍'.repeat(255)])(
    'keeps %s',
    (name) => {
      expect(normalizeName(name)).toBe(name.normalize('NFC'));
    },
  );

  it('gives one form to what looks the same', () => {
    expect(normalizeName('e\u0301')).toBe(normalizeName('\u00e9'));
    expect(nameKey('STRASSE')).toBe('strasse');
  });

  it('answers a name that it takes again, or refuses', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        let name: string;
        try {
          name = normalizeName(text);
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_name' });
          return;
        }
        expect(normalizeName(name)).toBe(name);
        expect(name).not.toMatch(/[/\\\p{Cc}]/u);
        expect(nameKey(nameKey(name))).toBe(nameKey(name));
      }),
    );
  });
});

it('no key of a name is longer than the 1,024 bytes that it has in an index', () => {
  const tooLong = Array.from({ length: 0x110000 }, (_, code) => code)
    .filter((code) => code < 0xd800 || code > 0xdfff)
    .filter((code) => Buffer.byteLength(nameKey(String.fromCodePoint(code).normalize('NFC'))) > 4)
    // Characters that NFC takes apart count as several in the name, too.
    .filter((code) => [...String.fromCodePoint(code).normalize('NFC')].length === 1);
  expect(tooLong).toEqual([]);
});

describe('folders', () => {
  it('are segments joined by one slash, without one at either end', () => {
    expect(normalizeFolder('/a/b/')).toBe('a/b');
    expect(normalizeFolder('')).toBe('');
    expect(normalizeFolder('///')).toBe('');
  });

  it('take 1,024 bytes at most, so that they can be a part of an index', () => {
    const segment = 'ä'.repeat(127);
    expect(normalizeFolder([segment, segment, segment, segment, 'abc/'].join('/'))).toHaveLength(4 * 128 + 3);
    expect(() => normalizeFolder([segment, segment, segment, segment, 'abcdef'].join('/'))).toThrow(/1024 bytes/);
  });

  it.each(['a//b', 'a/../b', 'a/./b', `${'a/'.repeat(33)}b`, `${'x'.repeat(200)}/`.repeat(6)])(
    'refuses %s',
    (folder) => {
      expect(() => normalizeFolder(folder)).toThrow(expect.objectContaining({ code: 'invalid_name' }));
    },
  );
});

describe('metadata', () => {
  it('is at most 32 keys and 4 KB', () => {
    const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'v']));
    expect(() => checkMetadata(keys(32))).not.toThrow();
    expect(() => checkMetadata(keys(33))).toThrow(/32/);
    expect(() => checkMetadata({ k: 'v'.repeat(4095) })).not.toThrow();
    expect(() => checkMetadata({ k: 'ü'.repeat(2048) })).toThrow(/4096/);
  });

  it('names the key that is wrong', () => {
    expect(() => checkMetadata({ good: 'x', bad: 'a\0b' })).toThrow(
      expect.objectContaining({ fields: [expect.objectContaining({ path: 'metadata.bad' })] }),
    );
  });
});
