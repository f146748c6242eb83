import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCatalog } from './catalog.ts';
import { loadPresets, parsePresets } from './presets.ts';

const catalog = createCatalog(await loadPresets({ watermarkText: 'Ada' }));

describe('presets', () => {
  test('are given the quickest first, however they stand in the file', () => {
    const types = ['webp', 'resize', 'thumbnail'].map((processor) => ({ type: processor, processor }));
    const reversed = createCatalog(parsePresets(JSON.stringify(types)));
    expect(reversed.presetsFor('image/jpeg').map(({ type }) => type)).toEqual(['thumbnail', 'resize', 'webp']);
    expect(catalog.presetsFor('image/png').map(({ type }) => type)).toEqual([
      'thumbnail',
      'small',
      'medium',
      'webp',
      'watermark',
    ]);
  });

  test('are those of the content type, whatever stands beside it', () => {
    expect(catalog.presetsFor('Application/PDF; version=1.7').map(({ type }) => type)).toEqual(['pdf_thumbnail']);
    expect(catalog.presetsFor('text/plain')).toEqual([]);
    expect(catalog.presetsFor('image/svg+xml')).toEqual([]);
    expect(catalog.presetsFor('image/heic')).toEqual([]);
    expect(catalog.presetsFor('')).toEqual([]);
  });
});

describe('a job that somebody asks for', () => {
  test('is the preset’s where it is the same', () => {
    expect(catalog.plan('thumbnail', {}, 'image/jpeg').type).toBe('thumbnail');
    expect(catalog.plan('resize', { height: 480, width: 480, quality: 80 }, 'image/jpeg').type).toBe('small');
    expect(catalog.plan('pdf_thumbnail', { page: 1 }, 'application/pdf').type).toBe('pdf_thumbnail');
  });

  test('has a type of its own where it is not', () => {
    const { type, options } = catalog.plan('pdf_thumbnail', { page: 2 }, 'application/pdf');
    expect(type).toMatch(/^pdf_thumbnail-[0-9a-f]{8}$/);
    expect(options).toEqual({ page: 2, width: 600, height: 600, format: 'jpeg', quality: 85 });
  });

  test('has a preset’s type only where that preset is for the content type', () => {
    const pngOnly = createCatalog(
      parsePresets('[{"type": "tile", "processor": "thumbnail", "accepts": ["image/png"]}]'),
    );
    expect(pngOnly.plan('thumbnail', {}, 'image/png').type).toBe('tile');
    expect(pngOnly.plan('thumbnail', {}, 'image/jpeg').type).toMatch(/^thumbnail-/);
  });

  test('has one type for equal options in any order, others for others, and all are parts of keys', () => {
    const given = fc.record(
      {
        width: fc.integer({ min: 16, max: 8192 }),
        height: fc.integer({ min: 16, max: 8192 }),
        quality: fc.integer({ min: 1, max: 100 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(given, given, (a, b) => {
        const plan = (options: object) => catalog.plan('resize', options as Record<string, unknown>, 'image/jpeg');
        const reversed = Object.fromEntries(Object.entries(a).reverse());
        const [first, again, other] = [plan(a), plan(reversed), plan(b)];
        expect(again).toEqual(first);
        expect(plan(first.options)).toEqual(first);
        expect(first.type === other.type).toBe(JSON.stringify(first.options) === JSON.stringify(other.options));
        expect(first.type).toMatch(/^[a-z0-9_-]{1,64}$/);
      }),
    );
  });

  test('leaves what was given as it is', () => {
    const options = Object.freeze({ width: 100 });
    catalog.plan('resize', options, 'image/jpeg');
    expect(options).toEqual({ width: 100 });
  });

  test.each<[string, string, object, string, string, string | undefined]>([
    ['by no processor', 'sepia', {}, 'image/jpeg', 'invalid_request', 'processor'],
    ['with options that do not fit', 'resize', { width: -1 }, 'image/jpeg', 'invalid_request', 'options.width'],
    ['with options that do not go together', 'watermark', {}, 'image/jpeg', 'invalid_request', 'options'],
    [
      'with a key of the prototype',
      'resize',
      JSON.parse('{"__proto__": 1}'),
      'image/jpeg',
      'invalid_request',
      'options.__proto__',
    ],
    ['of a content type that does not fit', 'thumbnail', {}, 'application/pdf', 'not_processable', undefined],
  ])('%s is refused', (_, processor, options, contentType, code, path) => {
    const refusal = (() => {
      try {
        catalog.plan(processor, options as Record<string, unknown>, contentType);
      } catch (error) {
        return error;
      }
    })();
    expect(refusal).toMatchObject({ code, fields: path === undefined ? [] : [{ path }] });
  });
});
