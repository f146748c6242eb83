import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadPresets, PresetsError, parsePresets } from './presets.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-presets-'));
});
afterAll(() => rm(folder, { recursive: true }));

const parse = (entries: unknown) => parsePresets(JSON.stringify(entries));

function problemsOf(text: string): readonly string[] {
  try {
    parsePresets(text);
  } catch (error) {
    if (error instanceof PresetsError) return error.problems;
    throw error;
  }
  return [];
}

describe('built-in presets', () => {
  test('are four for an image and one for a PDF', async () => {
    const presets = await loadPresets({});
    expect(
      presets.map(({ type, processor, options }) => [type, processor.name, options.width, options.height]),
    ).toEqual([
      ['thumbnail', 'thumbnail', 300, 300],
      ['small', 'resize', 480, 480],
      ['medium', 'resize', 1024, 1024],
      ['webp', 'webp', 2048, 2048],
      ['pdf_thumbnail', 'pdf_thumbnail', 600, 600],
    ]);
    expect(presets.at(-1)?.options.page).toBe(1);
  });

  test('have a watermark where a text is set', async () => {
    const presets = await loadPresets({ watermarkText: '© Ada' });
    expect(presets.at(-1)).toMatchObject({ type: 'watermark', options: { text: '© Ada', opacity: 0.6 } });
  });
});

describe('a presets file', () => {
  test('takes the place of the built-in ones, with its defaults filled in', async () => {
    const file = join(folder, 'presets.json');
    await writeFile(
      file,
      '[{"type": "tile", "processor": "thumbnail", "options": {"width": 64}, "accepts": ["image/png"]}]',
    );
    expect(await loadPresets({ file, watermarkText: 'not used' })).toMatchObject([
      { type: 'tile', options: { width: 64, height: 300, fit: 'cover' }, accepts: ['image/png'] },
    ]);
  });

  test('may give one type to different content types by different processors', () => {
    const presets = parse([
      { type: 'preview', processor: 'thumbnail', accepts: ['image/*'] },
      { type: 'preview', processor: 'pdf_thumbnail' },
    ]);
    expect(presets[0]?.accepts).toContain('image/avif');
    expect(presets[1]?.accepts).toEqual(['application/pdf']);
  });

  test('may be empty: then nothing is made', () => {
    expect(parse([])).toEqual([]);
  });

  test.each<[string, unknown, RegExp]>([
    [
      'an unknown processor',
      [{ type: 'a', processor: 'sepia' }],
      /^preset 1, processor: "sepia"; expected one of thumbnail, /,
    ],
    ['no processor', [{ type: 'a' }], /^preset 1, processor: it is missing/],
    ['no type', [{ processor: 'webp' }], /^preset 1, type: it is missing; expected 1 to 64 of/],
    ['a type that is no part of a key', [{ type: '../a', processor: 'webp' }], /^preset 1, type: "..\/a"/],
    ['the type of the file itself', [{ type: 'original', processor: 'webp' }], /^preset 1, type: "original"/],
    [
      'a type twice',
      [
        { type: 'a', processor: 'webp' },
        { type: 'a', processor: 'resize' },
      ],
      /^preset 2, type: "a" is another preset's type/,
    ],
    [
      'an unknown option',
      [{ type: 'a', processor: 'webp', options: { hight: 1 } }],
      /^preset 1, options.hight: there is no such option; there are width, height/,
    ],
    [
      'an option of inherited name',
      [{ type: 'a', processor: 'webp', options: { constructor: 1 } }],
      /^preset 1, options.constructor: there is no such option/,
    ],
    [
      'an option out of range',
      [{ type: 'a', processor: 'webp', options: { width: 0 } }],
      /^preset 1, options.width: 0 is not valid; expected a whole number from 1 to 8192/,
    ],
    [
      'half a pixel',
      [{ type: 'a', processor: 'webp', options: { width: 99.5 } }],
      /^preset 1, options.width: 99.5 is not valid/,
    ],
    [
      'an option of another type',
      [{ type: 'a', processor: 'webp', options: { width: '100' } }],
      /^preset 1, options.width: "100" is not valid/,
    ],
    [
      'a choice that there is not',
      [{ type: 'a', processor: 'resize', options: { format: 'gif' } }],
      /^preset 1, options.format: "gif" is not valid; expected one of auto, jpeg/,
    ],
    [
      'options that are none',
      [{ type: 'a', processor: 'webp', options: [] }],
      /^preset 1, options: \[\] is not valid; expected an object/,
    ],
    [
      'a watermark of nothing',
      [{ type: 'a', processor: 'watermark' }],
      /^preset 1, options: either text or image is needed/,
    ],
    [
      'a watermark on two lines',
      [{ type: 'a', processor: 'watermark', options: { text: 'a\nb' } }],
      /^preset 1, options.text: "a\\nb" is not valid; expected 1 to 100/,
    ],
    [
      'a watermark of something else than a PNG',
      [{ type: 'a', processor: 'watermark', options: { image: 'R0lGODlh' } }],
      /^preset 1, options.image: .* expected a PNG/,
    ],
    [
      'a content type that nobody takes',
      [{ type: 'a', processor: 'webp', accepts: ['text/plain'] }],
      /^preset 1, accepts: "text\/plain" is not taken by any processor; webp takes image\/jpeg/,
    ],
    [
      'a content type of others',
      [{ type: 'a', processor: 'webp', accepts: ['application/pdf'] }],
      /^preset 1, accepts: "application\/pdf" is not taken by webp/,
    ],
    ['no content type', [{ type: 'a', processor: 'webp', accepts: [] }], /^preset 1, accepts: expected a list/],
    [
      'a setting that there is not',
      [{ type: 'a', processor: 'webp', opts: {} }],
      /^preset 1, opts: there is no such setting; there are type, processor/,
    ],
    ['no object', ['webp'], /^preset 1: it is not an object/],
    ['no list', { type: 'a', processor: 'webp' }, /^it is not a list of presets/],
    [
      'too many',
      Array.from({ length: 51 }, (_, i) => ({ type: `t${i}`, processor: 'webp' })),
      /^it has 51 presets; at most 50/,
    ],
  ])('with %s says where, and what was expected', (_, entries, problem) => {
    const problems = problemsOf(JSON.stringify(entries));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
  });

  test('says all that is wrong at once', () => {
    expect(
      problemsOf(
        JSON.stringify([
          { type: 'A', processor: 'x' },
          { type: 'b', processor: 'webp', options: { width: 0, effort: 9 } },
        ]),
      ),
    ).toHaveLength(4);
  });

  test('that is no JSON says where it is not', () => {
    expect(problemsOf('[\n  {"type": a}\n]')).toEqual([expect.stringMatching(/^it is not JSON: .*"type": a/)]);
  });

  test('that is not there, or a folder, says so', async () => {
    await expect(loadPresets({ file: join(folder, 'none.json') })).rejects.toThrow(
      'it cannot be read: there is no such file',
    );
    await expect(loadPresets({ file: folder })).rejects.toThrow('it cannot be read: it is a folder');
  });
});
