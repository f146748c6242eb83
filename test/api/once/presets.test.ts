import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fixture } from '../../harness/fixtures.ts';
import { type Stack, startStack, useStack } from '../../harness/stack.ts';

describe('with WATERMARK_TEXT', () => {
  const stack = useStack({ env: { WATERMARK_TEXT: '© Ada & <Co>' } });

  test('images get a watermark too', async () => {
    const user = await stack.api.signUp();
    const { id } = await user.upload(await fixture('photo.webp'), { name: 'photo.webp' });
    const { processing, variants } = await user.processed(id);
    expect(processing).toMatchObject({ state: 'done', total: 5, finished: 5 });
    expect(variants.map(({ type }) => type).sort()).toEqual(['medium', 'small', 'thumbnail', 'watermark', 'webp']);
    const marked = await sharp(await user.content(id, { variant: 'watermark' })).metadata();
    expect([marked.width, marked.height]).toEqual([1600, 1200]);
  });
});

describe('with PRESETS_FILE', () => {
  let folder: string;
  let stack: Stack;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-presets-'));
    const presets = [
      { type: 'tiny', processor: 'resize', accepts: ['image/webp'], options: { width: 64, height: 64 } },
      { type: 'cover', processor: 'pdf_thumbnail', accepts: ['application/pdf'], options: { page: 3, width: 200 } },
    ];
    await writeFile(join(folder, 'presets.json'), JSON.stringify(presets));
    stack = await startStack({ env: { PRESETS_FILE: join(folder, 'presets.json') } });
  });
  afterAll(async () => {
    await stack?.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  test('files get what it says, and nothing else', async () => {
    const user = await stack.api.signUp();
    for (const [name, type, width] of [
      ['photo.webp', 'tiny', 64],
      ['pages.pdf', 'cover', 200],
    ] as const) {
      const { id } = await user.upload(await fixture(name), { name });
      const { variants } = await user.processed(id);
      expect(variants.map((one) => [one.type, one.width])).toEqual([[type, width]]);
    }
  });
});
