import sharp, { type Metadata } from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Api } from '../../harness/client.ts';
import { CORNERS } from '../../harness/fixtures/images.ts';
import { type FixtureName, fixture, sha256 } from '../../harness/fixtures.ts';
import { useSharedStack } from '../../harness/stack.ts';
import type { FileView } from '../../harness/views.ts';

const stack = useSharedStack();
let user: Api;
beforeAll(async () => {
  user = await stack.api.signUp();
});

type Size = readonly [number, number];

async function process(name: FixtureName): Promise<FileView> {
  const { id } = await user.upload(await fixture(name), { name });
  return user.processed(id);
}

/** The variant's bytes, checked against what its row says of them. */
async function variant(file: FileView, type: string): Promise<{ bytes: Buffer; image: Metadata }> {
  const row = file.variants.find((one) => one.type === type);
  const bytes = await user.content(file.id, { variant: type });
  const image = await sharp(bytes).metadata();
  expect(row, type).toMatchObject({
    contentType: `image/${image.format}`,
    size: bytes.length,
    width: image.width,
    height: image.height,
  });
  return { bytes, image };
}

async function sizes(file: FileView): Promise<Record<string, Size>> {
  const found: Record<string, Size> = {};
  for (const { type } of file.variants) {
    const { image } = await variant(file, type);
    found[type] = [image.width, image.height];
  }
  return found;
}

async function colourAt(bytes: Buffer, x: number, y: number): Promise<number[]> {
  const { data, info } = await sharp(bytes).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (Math.round(y * (info.height - 1)) * info.width + Math.round(x * (info.width - 1))) * 4;
  return [...data.subarray(at, at + 4)];
}

describe('the presets make of', () => {
  test.each<[FixtureName, Record<string, Size>]>([
    ['camera.jpg', { thumbnail: [300, 300], small: [360, 480], medium: [768, 1024], webp: [1536, 2048] }],
    ['photo.webp', { thumbnail: [300, 300], small: [480, 360], medium: [1024, 768], webp: [1600, 1200] }],
    ['alpha.png', { thumbnail: [300, 300], small: [480, 288], medium: [1000, 600], webp: [1000, 600] }],
    ['animated.gif', { thumbnail: [300, 300], small: [320, 240], medium: [320, 240], webp: [320, 240] }],
    ['scan.tiff', { thumbnail: [300, 300], small: [339, 480], medium: [724, 1024], webp: [1448, 2048] }],
  ])('%s the variants of an image', async (name, expected) => {
    const file = await process(name);
    expect(file.processing).toEqual({ state: 'done', total: 4, finished: 4, failed: 0 });
    expect(await sizes(file)).toEqual(expected);
    expect(sha256(await user.content(file.id))).toBe(sha256(await fixture(name)));
  });

  test('pages.pdf a picture of its first page', async () => {
    const file = await process('pages.pdf');
    expect(file.processing).toEqual({ state: 'done', total: 1, finished: 1, failed: 0 });
    const { bytes, image } = await variant(file, 'pdf_thumbnail');
    expect(image.height / image.width).toBeCloseTo(Math.SQRT2, 1);
    const [r = 0, g = 0, b = 0] = await colourAt(bytes, 0.5, 0.98);
    expect(b - r).toBeGreaterThan(150);
    expect(g).toBeLessThan(160);
    expect(await colourAt(bytes, 0.9, 0.4)).toEqual([255, 255, 255, 255]);
  });

  test.each<[FixtureName]>([['notes.txt'], ['empty.txt']])('%s nothing', async (name) => {
    const file = await process(name);
    expect({ processing: file.processing, variants: file.variants }).toEqual({
      processing: { state: 'none', total: 0, finished: 0, failed: 0 },
      variants: [],
    });
  });
});

describe('a variant', () => {
  test('is turned as the camera said, and says nothing of it any more', async () => {
    const file = await process('camera.jpg');
    for (const type of ['small', 'medium', 'webp']) {
      const { bytes, image } = await variant(file, type);
      expect({ type, orientation: image.orientation ?? 1, exif: image.exif, xmp: image.xmp }).toEqual({
        type,
        orientation: 1,
        exif: undefined,
        xmp: undefined,
      });
      // Orientation 6: what is stored at the bottom left is shown at the top left, and so on, a quarter turn on.
      const shown = [CORNERS[3], CORNERS[0], CORNERS[1], CORNERS[2]];
      const corners: [number, number][] = [
        [0.03, 0.03],
        [0.97, 0.03],
        [0.97, 0.97],
        [0.03, 0.97],
      ];
      for (const [i, [x, y]] of corners.entries()) {
        const colour = await colourAt(bytes, x, y);
        const expected = shown[i] as readonly number[];
        for (const channel of [0, 1, 2]) {
          expect(Math.abs((colour[channel] as number) - (expected[channel] as number)), `${type} ${i}`).toBeLessThan(
            50,
          );
        }
      }
    }
  });

  test('keeps what is clear clear', async () => {
    const file = await process('alpha.png');
    for (const type of ['thumbnail', 'medium', 'webp']) {
      const { bytes, image } = await variant(file, type);
      expect(image.hasAlpha, type).toBe(true);
      expect((await colourAt(bytes, 0.1, 0.5))[3], type).toBe(0);
      expect((await colourAt(bytes, 0.9, 0.5))[3], type).toBe(255);
    }
  });

  test('is in sRGB, whatever the original was in', async () => {
    const file = await process('wide-colour.jpg');
    const original = await sharp(await fixture('wide-colour.jpg'))
      .toColourspace('srgb')
      .png()
      .toBuffer();
    const { bytes, image } = await variant(file, 'medium');
    expect(image.space).toBe('srgb');
    // A reader that knows no profile must see the right colour: the corner, by eye of the converted original.
    const plain = await sharp(bytes, { ignoreIcc: true }).png().toBuffer();
    const [seen, expected] = [await colourAt(plain, 0.03, 0.03), await colourAt(original, 0.03, 0.03)];
    for (const channel of [0, 1, 2]) {
      expect(Math.abs((seen[channel] as number) - (expected[channel] as number))).toBeLessThan(12);
    }
  });
});

describe('what cannot be processed', () => {
  test.each<[FixtureName, string, string[]]>([
    ['truncated.jpg', 'image/jpeg', ['corrupt_input']],
    ['huge.png', 'image/png', ['too_many_pixels']],
    ['locked.pdf', 'application/pdf', ['encrypted_input']],
  ])('%s stays whole, and its jobs say why', async (name, contentType, codes) => {
    const bytes = await fixture(name);
    const file = await process(name);
    expect(file).toMatchObject({ status: 'uploaded', contentType, size: bytes.length, variants: [] });
    expect(file.processing.state).toBe('failed');
    expect(file.processing.failed).toBe(file.processing.total);
    for (const job of await user.jobs(file.id)) {
      expect({ status: job.status, attempt: job.attempt }).toEqual({ status: 'dead', attempt: 1 });
      expect(codes).toContain(job.code);
      expect(job.reason).toMatch(/^[A-Z].*\.$/);
      expect(job.reason).not.toMatch(/vips|pdfium|\/tmp|node/i);
    }
    expect(sha256(await user.content(file.id))).toBe(sha256(bytes));
  });

  test.each<[FixtureName]>([['page.html.jpg'], ['drawing.svg.jpg']])(
    '%s is not taken for the image that it says it is',
    async (name) => {
      const { id } = await user.upload(await fixture(name), { name, type: 'image/jpeg' });
      const file = await user.processed(id);
      expect(file.status).toBe('uploaded');
      expect(file.variants).toEqual([]);
      const { headers } = await user.call('GET', `/api/files/${id}/content`);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['content-security-policy']).toMatch(/sandbox/);
      for (const job of await user.jobs(id)) expect(['corrupt_input', 'not_processable']).toContain(job.code);
    },
  );
});
