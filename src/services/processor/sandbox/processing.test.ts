import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CORNERS } from '../../../../test/harness/fixtures/images.ts';
import { type FixtureName, fixture } from '../../../../test/harness/fixtures.ts';
import type { SandboxJob } from './protocol.ts';
import { job, openTestPool, type TestPool } from './testing.ts';

/** Readers find objects without a table of where they are. */
const FIRST_PAGE_MISSING = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[99 0 R 3 0 R]/Count 2>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 48 64]>>endobj
trailer<</Size 4/Root 1 0 R>>
%%EOF`;

let bed: TestPool;
beforeAll(async () => {
  bed = await openTestPool();
});
afterAll(() => bed.close());

async function made(file: Uint8Array, ...jobs: SandboxJob[]) {
  const { outcomes, crash } = await bed.run(file, jobs);
  expect(crash).toBeUndefined();
  return outcomes.map((outcome) => {
    if (!outcome.made) throw new Error(`${outcome.id}: ${JSON.stringify(outcome.failed)}`);
    return outcome;
  });
}

async function failed(file: Uint8Array, ...jobs: SandboxJob[]) {
  const { outcomes, crash } = await bed.run(file, jobs);
  expect(crash).toBeUndefined();
  return outcomes.map(({ failed }) => failed);
}

/** Red, green, blue and alpha at fractions of width and height. */
async function colourAt(image: Buffer, x: number, y: number): Promise<number[]> {
  const { data, info } = await sharp(image)
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const offset = (Math.floor(y * info.height) * info.width + Math.floor(x * info.width)) * 4;
  return [...data.subarray(offset, offset + 4)];
}

function expectColour(found: readonly number[], expected: readonly number[], tolerance: number): void {
  for (const [channel, value] of expected.entries()) {
    expect(Math.abs((found[channel] ?? 0) - value), `${found} is not ${expected}`).toBeLessThanOrEqual(tolerance);
  }
}

const flat = (width: number, height: number, background: string) =>
  sharp({ create: { width, height, channels: 3, background } });

const PRESETS = [
  job('webp'),
  job('resize', { width: 480, height: 480 }, 'small'),
  job('resize', { width: 1024, height: 1024 }, 'medium'),
  job('thumbnail'),
];

describe('a camera’s JPEG', () => {
  test('becomes upright variants, the thumbnail first, and none of them says who took it where', async () => {
    const variants = await made(await fixture('camera.jpg'), ...PRESETS);
    expect(variants.map(({ id, made: { width, height, contentType } }) => [id, width, height, contentType])).toEqual([
      ['thumbnail', 300, 300, 'image/jpeg'],
      ['medium', 768, 1024, 'image/jpeg'],
      ['small', 360, 480, 'image/jpeg'],
      ['webp', 1536, 2048, 'image/webp'],
    ]);
    for (const { id, made, data } of variants) {
      const metadata = await sharp(data).metadata();
      expect(metadata).toMatchObject({ width: made.width, height: made.height, space: 'srgb' });
      expect([metadata.exif, metadata.orientation, metadata.icc, metadata.xmp]).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
      expect(data.length).toBe(made.size);
      if (id === 'thumbnail') continue;
      // Orientation 6: what is stored at the bottom left is shown at the top left.
      expectColour(await colourAt(data, 0.03, 0.03), CORNERS[3] ?? [], 40);
      expectColour(await colourAt(data, 0.97, 0.03), CORNERS[0] ?? [], 40);
    }
  });

  test('gives the same picture down the ladder as on its own', async () => {
    const file = await fixture('camera.jpg');
    const together = await made(file, ...PRESETS);
    for (const preset of PRESETS) {
      const [alone] = await made(file, preset);
      const ladder = together.find(({ id }) => id === preset.id);
      expect([ladder?.made.width, ladder?.made.height]).toEqual([alone?.made.width, alone?.made.height]);
      const [a, b] = await Promise.all([alone, ladder].map((each) => sharp(each?.data).removeAlpha().raw().toBuffer()));
      let difference = 0;
      for (const [index, value] of (a as Buffer).entries()) difference += Math.abs(value - (b?.[index] ?? 0));
      expect(difference / (a as Buffer).length, preset.id).toBeLessThan(3);
    }
  });
});

describe('other images', () => {
  test('a PNG keeps what is clear, as WebP', async () => {
    const variants = await made(
      await fixture('alpha.png'),
      job('thumbnail'),
      job('resize'),
      job('resize', { format: 'jpeg' }, 'jpeg'),
    );
    const types = Object.fromEntries(variants.map(({ id, made }) => [id, made.contentType]));
    expect(types).toEqual({ thumbnail: 'image/webp', resize: 'image/webp', jpeg: 'image/jpeg' });
    for (const { id, data } of variants) {
      const clear = await colourAt(data, 0.1, 0.5);
      if (id === 'jpeg') expectColour(clear, [255, 255, 255, 255], 2);
      else expect(clear[3]).toBe(0);
      expect((await colourAt(data, 0.9, 0.5))[3]).toBe(255);
    }
  });

  test('an alpha channel that says nothing does not make a JPEG a WebP', async () => {
    const png = await flat(400, 300, '#336699').ensureAlpha().png().toBuffer();
    expect((await sharp(png).metadata()).hasAlpha).toBe(true);
    const [variant] = await made(png, job('thumbnail'));
    expect(variant?.made.contentType).toBe('image/jpeg');
  });

  test('an animation is its first frame', async () => {
    const frames = ['#ff0000', '#00ff00', '#0000ff'].map((colour) => flat(60, 40, colour).png().toBuffer());
    const gif = await sharp(await Promise.all(frames), { join: { animated: true } })
      .gif({ delay: 100 })
      .toBuffer();
    expect((await sharp(gif).metadata()).pages).toBe(3);
    const [variant] = await made(gif, job('resize', { format: 'png' }));
    expect(variant?.made).toMatchObject({ width: 60, height: 40 });
    expectColour(await colourAt(variant?.data as Buffer, 0.5, 0.5), [255, 0, 0], 8);
  });

  test('CMYK and 16 bits a channel become sRGB of 8 bits', async () => {
    const cmyk = await flat(200, 100, '#ff0000').toColourspace('cmyk').jpeg().toBuffer();
    const deep = await flat(200, 100, '#3366cc').toColourspace('rgb16').png().toBuffer();
    expect((await sharp(cmyk).metadata()).space).toBe('cmyk');
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    const [fromCmyk] = await made(cmyk, job('resize', { format: 'png' }));
    const [fromDeep] = await made(deep, job('resize', { format: 'png' }));
    expectColour(await colourAt(fromCmyk?.data as Buffer, 0.5, 0.5), [255, 0, 0], 60);
    expectColour(await colourAt(fromDeep?.data as Buffer, 0.5, 0.5), [0x33, 0x66, 0xcc], 4);
    expect((await sharp(fromDeep?.data).metadata()).depth).toBe('uchar');
  });

  test.each<[FixtureName, number, number]>([
    ['scan.tiff', 724, 1024],
    ['photo.webp', 1024, 768],
    ['animated.gif', 320, 240],
  ])('%s fits into the box and is never enlarged', async (name, width, height) => {
    const [variant] = await made(await fixture(name), job('resize'));
    expect(variant?.made).toMatchObject({ width, height });
  });

  test('a thumbnail has exactly the size that was asked for, whatever the picture', async () => {
    for (const [width, height] of [
      [1, 1],
      [5000, 3],
      [40, 400],
    ] as const) {
      const png = await flat(width, height, '#123456').png().toBuffer();
      const [cover] = await made(png, job('thumbnail', { width: 120, height: 80 }));
      expect(cover?.made).toMatchObject({ width: 120, height: 80 });
      const [inside] = await made(png, job('thumbnail', { fit: 'inside' }));
      expect(inside?.made.width).toBeLessThanOrEqual(Math.min(width, 300));
      expect(inside?.made.height).toBeLessThanOrEqual(Math.min(height, 300));
    }
  });
});

describe('a thumbnail that covers', () => {
  // Red, green and blue bands from the top.
  const bands = flat(30, 90, '#00ff00')
    .composite([
      { input: { create: { width: 30, height: 30, channels: 3, background: '#ff0000' } }, top: 0, left: 0 },
      { input: { create: { width: 30, height: 30, channels: 3, background: '#0000ff' } }, top: 60, left: 0 },
    ])
    .png()
    .toBuffer();

  test.each([
    ['top', [255, 0, 0]],
    ['centre', [0, 255, 0]],
    ['bottom', [0, 0, 255]],
  ])('is taken from the %s', async (position, colour) => {
    const [variant] = await made(await bands, job('thumbnail', { width: 30, height: 30, position, format: 'png' }));
    expectColour(await colourAt(variant?.data as Buffer, 0.5, 0.5), colour, 8);
  });

  test('is taken from where the eye goes', async () => {
    const [variant] = await made(await fixture('camera.jpg'), job('thumbnail', { position: 'attention' }));
    expect(variant?.made).toMatchObject({ width: 300, height: 300 });
  });
});

describe('a watermark', () => {
  const grey = flat(600, 400, '#808080').png().toBuffer();

  async function marked(options: Record<string, unknown>) {
    const [variant] = await made(await grey, job('watermark', { format: 'png', opacity: 1, ...options }));
    const { data, info } = await sharp(variant?.data).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const box = { left: info.width, top: info.height, right: -1, bottom: -1 };
    for (let pixel = 0; pixel < info.width * info.height; pixel += 1) {
      if (Math.abs((data[pixel * 3] ?? 0) - 128) < 20) continue;
      const [x, y] = [pixel % info.width, Math.floor(pixel / info.width)];
      box.left = Math.min(box.left, x);
      box.right = Math.max(box.right, x);
      box.top = Math.min(box.top, y);
      box.bottom = Math.max(box.bottom, y);
    }
    return box;
  }

  test('of text stands where it shall, as wide as it shall, off the edge', async () => {
    const right = await marked({ text: 'Holdfast', scale: 0.5 });
    expect(right.left).toBeGreaterThan(270);
    expect(right.right).toBeGreaterThan(560);
    expect(right.right).toBeLessThan(598);
    expect(right.bottom).toBeLessThan(398);
    expect(right.top).toBeGreaterThan(200);
    const left = await marked({ text: 'Holdfast', scale: 0.5, position: 'top-left' });
    expect(left.left).toBeGreaterThan(2);
    expect(left.right).toBeLessThan(330);
    expect(left.bottom).toBeLessThan(200);
  });

  test('shows every sign of the text, and reads no markup in it', async () => {
    const plain = await marked({ text: 'a', scale: 1 });
    const shouted = await marked({ text: '<b>a</b> &amp;', scale: 1 });
    // The longer text, in the same width, is much less high.
    expect(shouted.bottom - shouted.top).toBeLessThan((plain.bottom - plain.top) / 2);
    const signs = await marked({ text: 'Ж', scale: 0.1 });
    expect(signs.right).toBeGreaterThan(signs.left);
  });

  test('of an image keeps its colours', async () => {
    const logo = await flat(20, 10, '#ff0000').png().toBuffer();
    const options = { image: logo.toString('base64'), position: 'centre', scale: 0.5, format: 'png', opacity: 1 };
    const [variant] = await made(await grey, job('watermark', options));
    expectColour(await colourAt(variant?.data as Buffer, 0.5, 0.5), [255, 0, 0], 4);
    expectColour(await colourAt(variant?.data as Buffer, 0.2, 0.5), [128, 128, 128], 4);
  });

  test('of an image that is none fails for good', async () => {
    const image = Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), Buffer.alloc(50)]).toString('base64');
    expect(await failed(await grey, job('watermark', { image }))).toMatchObject([
      { code: 'not_processable', permanent: true },
    ]);
  });

  test('fits on the smallest picture', async () => {
    const dot = await flat(1, 1, '#808080').png().toBuffer();
    const [variant] = await made(dot, job('watermark', { text: 'much too long for it', scale: 1 }));
    expect(variant?.made).toMatchObject({ width: 1, height: 1 });
  });
});

describe('a PDF', () => {
  test('gives the page that was asked for, inside the box, on white', async () => {
    const [first, second] = await made(
      await fixture('pages.pdf'),
      job('pdf_thumbnail', { width: 400, height: 400, format: 'png' }, 'first'),
      job('pdf_thumbnail', { page: 2, width: 400, height: 400 }, 'second'),
    );
    expect(first?.made).toMatchObject({ width: 283, height: 400, contentType: 'image/png' });
    expect(second?.made).toMatchObject({ width: 400, contentType: 'image/jpeg' });
    expect(await colourAt(first?.data as Buffer, 0.9, 0.4)).toEqual([255, 255, 255, 255]);
    expectColour(await colourAt(first?.data as Buffer, 0.5, 0.98), await colourAt(first?.data as Buffer, 0.2, 0.99), 8);
  });

  test('says that it has no such page', async () => {
    const reports = await failed(await fixture('pages.pdf'), job('pdf_thumbnail', { page: 4 }));
    expect(reports).toMatchObject([
      { code: 'page_out_of_range', permanent: true, reason: 'The document has no page 4: it has 3 pages.' },
    ]);
  });

  test('of which a page is damaged gives the other ones', async () => {
    const { outcomes, crash } = await bed.run(
      Buffer.from(FIRST_PAGE_MISSING),
      [1, 2].map((page) => job('pdf_thumbnail', { page }, `page ${page}`)),
    );
    expect(crash).toBeUndefined();
    expect(outcomes).toMatchObject([
      { id: 'page 1', failed: { code: 'corrupt_input', reason: expect.stringMatching(/^Page 1 /) } },
      { id: 'page 2', made: { width: 450, height: 600 } },
    ]);
  });

  test('says that it needs a password', async () => {
    const reports = await failed(await fixture('locked.pdf'), job('pdf_thumbnail'));
    expect(reports).toMatchObject([{ code: 'encrypted_input', permanent: true }]);
  });

  test('is refused when it is damaged', async () => {
    const whole = await fixture('pages.pdf');
    for (const file of [whole.subarray(0, whole.length / 2), Buffer.from('%PDF-1.7\nnothing'), Buffer.alloc(0)]) {
      expect(await failed(file, job('pdf_thumbnail'))).toMatchObject([{ code: 'corrupt_input', permanent: true }]);
    }
  });
});

describe('bad input fails for good, with a sentence', () => {
  const svg = (reference: string) =>
    Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="${reference}"/></svg>`);

  test.each<[string, () => Promise<Uint8Array> | Uint8Array, string]>([
    ['a JPEG that was cut off', () => fixture('truncated.jpg'), 'corrupt_input'],
    ['400 megapixels', () => fixture('huge.png'), 'too_many_pixels'],
    ['HTML', () => fixture('page.html.jpg'), 'corrupt_input'],
    ['SVG that reads a file', () => svg('file:///etc/passwd'), 'corrupt_input'],
    ['SVG that calls home', () => svg('http://127.0.0.1/'), 'corrupt_input'],
    ['a PDF called an image', () => fixture('pages.pdf'), 'corrupt_input'],
    ['nothing', () => new Uint8Array(), 'corrupt_input'],
    ['a GIF that was cut off', async () => (await fixture('animated.gif')).subarray(0, 300), 'corrupt_input'],
    ['a PNG that was cut off', async () => (await fixture('alpha.png')).subarray(0, 5000), 'corrupt_input'],
    ['a WebP that was cut off', async () => (await fixture('photo.webp')).subarray(0, 5000), 'corrupt_input'],
    ['a TIFF that was cut off', async () => (await fixture('scan.tiff')).subarray(0, 5000), 'corrupt_input'],
  ])('%s', async (_, file, code) => {
    const reports = await failed(await file(), ...PRESETS);
    expect(reports).toHaveLength(PRESETS.length);
    for (const report of reports) {
      expect(report).toMatchObject({ code, permanent: true });
      expect(report?.reason).toMatch(/^[A-Z].*\.$/);
      expect(report?.reason).not.toMatch(/vips|pdfium|\//i);
    }
  });

  test('too many pixels, and how many', async () => {
    const [report] = await failed(await fixture('huge.png'), job('thumbnail'));
    expect(report?.reason).toContain('20,000 × 20,000');
    expect(report?.reason).toContain('100,000,000');
  });
});
