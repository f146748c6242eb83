import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fixture } from '../../../../test/harness/fixtures.ts';
import { ScratchPicture } from './picture.ts';

let folder: string;
let jpeg: string;
let png: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-picture-'));
  jpeg = join(folder, 'jpeg');
  png = join(folder, 'png');
  await writeFile(jpeg, await fixture('camera.jpg'));
  await writeFile(png, await fixture('alpha.png'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Opens a picture at each scale in turn; answers the sizes that came, and how often the file itself was opened for them. */
async function openAt(path: string, scales: readonly number[], maxRasterBytes = 1e8) {
  let reads = 0;
  const counting = ((input: unknown, options: object) => {
    if (input === path) reads += 1;
    return sharp(input as Buffer, options);
  }) as unknown as typeof sharp;
  const picture = await ScratchPicture.open(counting, path, { maxPixels: 1e8, maxRasterBytes });
  picture.expect(scales);
  reads = 0;
  const widths: number[] = [];
  for (const scale of scales) {
    const { info } = await (await picture.open(scale)).raw().toBuffer({ resolveWithObject: true });
    widths.push(info.width);
  }
  return { widths, reads, size: picture.size };
}

describe('a picture is decoded', () => {
  test('once for many jobs, into what the largest needs, and from there down step by step', async () => {
    const { widths, reads } = await openAt(png, [0.8, 0.4, 0.2]);
    expect(reads).toBe(1);
    expect(widths).toEqual([800, 400, 400]);
  });

  test('for the first job straight into its small size where that is quick, and once more for all others', async () => {
    const { reads, size, widths } = await openAt(jpeg, [0.1, 0.5, 0.25, 0.5]);
    expect(size).toEqual({ width: 3000, height: 4000 });
    expect(reads).toBe(2);
    // The third has nothing to make a step for: what comes after it is larger.
    expect(widths).toEqual([3000, 1500, 1500, 1500]);
  });

  test('by each job for itself where what they share would be too large to keep', async () => {
    const { reads } = await openAt(png, [0.8, 0.4, 0.2], 1000);
    expect(reads).toBe(3);
  });

  test('without keeping it where nobody comes after', async () => {
    const { reads, widths } = await openAt(png, [0.4]);
    expect({ reads, widths }).toEqual({ reads: 1, widths: [1000] });
  });
});
