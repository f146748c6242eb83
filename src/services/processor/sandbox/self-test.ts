import { readFile, writeFile } from 'node:fs/promises';
import type { ImageLibrary } from './image-library.ts';
import { outputName, type SandboxJob, type SelfTestReport } from './protocol.ts';
import { runFile } from './run-file.ts';

const LIMITS = { maxPixels: 1_000_000, maxRasterBytes: 10_000_000 };
const RED = [255, 0, 0];
const BLUE = [0, 0, 255];

/** How far a channel may be off after two lossy encodings. */
const TOLERANCE = 24;

type Rgb = readonly number[];

interface Expected {
  readonly width: number;
  readonly height: number;
  /** Colours at fractions of width and height. */
  readonly pixels: readonly (readonly [x: number, y: number, colour: Rgb])[];
}

/**
 * Makes a small file of each format that we say we read, runs the processors over it, and looks at what comes out:
 * the size, which way is up, and the colours.
 */
export async function selfTest(sharp: ImageLibrary): Promise<SelfTestReport> {
  const works: string[] = [];
  const broken: { what: string; problem: string }[] = [];
  const check = async (what: string, test: () => Promise<void>) => {
    try {
      await test();
      works.push(what);
    } catch (error) {
      broken.push({ what, problem: error instanceof Error ? error.message : String(error) });
    }
  };

  // Red above blue. As orientation 6 says it, the stored picture lies on its side: red on the left.
  const upright = stripes(sharp, 48, 64, 'down');
  const sideways = stripes(sharp, 64, 48, 'across');
  const halves = {
    width: 30,
    height: 40,
    pixels: [
      [0.5, 0.25, RED],
      [0.5, 0.75, BLUE],
    ],
  } as const satisfies Expected;
  const small = { processor: 'resize', options: { width: 40, height: 40, format: 'png', quality: 80 } };

  const files: Record<string, () => Promise<Buffer>> = {
    'image/jpeg': () =>
      sideways.clone().jpeg({ chromaSubsampling: '4:4:4' }).withMetadata({ orientation: 6 }).toBuffer(),
    'image/png': () => upright.clone().png().toBuffer(),
    'image/webp': () => upright.clone().webp().toBuffer(),
    'image/gif': () => upright.clone().gif().toBuffer(),
    'image/tiff': () => upright.clone().tiff().toBuffer(),
    'image/avif': () => upright.clone().avif({ effort: 0, quality: 90, chromaSubsampling: '4:4:4' }).toBuffer(),
  };
  for (const [type, make] of Object.entries(files)) {
    await check(type, async () => expectPicture(sharp, await runOn(sharp, await make(), small), halves));
  }
  await check('application/pdf', async () => {
    const page = {
      processor: 'pdf_thumbnail',
      options: { page: 1, width: 40, height: 40, format: 'png', quality: 80 },
    };
    await expectPicture(sharp, await runOn(sharp, Buffer.from(PDF), page), halves);
  });
  await check('watermark', async () => {
    const grey = await sharp({ create: { width: 200, height: 60, channels: 3, background: '#808080' } })
      .png()
      .toBuffer();
    const options = {
      text: 'Agfn',
      position: 'centre',
      opacity: 1,
      scale: 0.5,
      width: 200,
      height: 60,
      format: 'png',
      quality: 80,
    };
    const { channels } = await sharp(await runOn(sharp, grey, { processor: 'watermark', options })).stats();
    if (!channels[0] || channels[0].max < 250 || channels[0].min > 100) throw new Error('no text was drawn');
  });
  return { works, broken };
}

const stripes = (sharp: ImageLibrary, width: number, height: number, direction: 'across' | 'down') => {
  const data = Buffer.alloc(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const first = direction === 'down' ? pixel < (width * height) / 2 : pixel % width < width / 2;
    data.set(first ? RED : BLUE, pixel * 3);
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
};

async function runOn(sharp: ImageLibrary, file: Buffer, job: Omit<SandboxJob, 'id'>): Promise<Buffer> {
  await writeFile('self-test', file);
  let failure: string | undefined;
  await runFile(
    sharp,
    { path: 'self-test', jobs: [{ id: 'self-test', ...job }], limits: LIMITS },
    {
      started: () => {},
      made: () => {},
      failed: (_job, { reason, detail }) => {
        failure = detail ?? reason;
      },
    },
  );
  if (failure !== undefined) throw new Error(failure);
  return readFile(outputName(0));
}

async function expectPicture(sharp: ImageLibrary, file: Buffer, { width, height, pixels }: Expected): Promise<void> {
  const { data, info } = await sharp(file).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  if (info.width !== width || info.height !== height) {
    throw new Error(`the result is ${info.width} × ${info.height}, not ${width} × ${height}`);
  }
  for (const [x, y, colour] of pixels) {
    const offset = (Math.floor(y * height) * width + Math.floor(x * width)) * info.channels;
    const found = [...data.subarray(offset, offset + 3)];
    if (found.some((value, channel) => Math.abs(value - (colour[channel] ?? 0)) > TOLERANCE)) {
      throw new Error(`a pixel is ${found.join(',')}, not ${colour.join(',')}`);
    }
  }
}

/** A page of 48 × 64 points, red above blue. Readers find objects without a table of where they are. */
const PDF = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 48 64]/Contents 4 0 R>>endobj
4 0 obj<</Length 53>>stream
1 0 0 rg 0 32 48 32 re f 0 0 1 rg 0 0 48 32 re f     
endstream endobj
trailer<</Size 5/Root 1 0 R>>
%%EOF`;
