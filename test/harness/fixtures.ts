import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hugePng } from './fixtures/huge-png.ts';
import {
  animatedGif,
  cameraJpeg,
  displayP3Jpeg,
  pngWithAlpha,
  scannedTiff,
  truncatedJpeg,
  webpPhoto,
} from './fixtures/images.ts';
import { pagedPdf } from './fixtures/pdf.ts';
import { lockedPdf } from './fixtures/pdf-locked.ts';

const text = (content: string) => async () => Buffer.from(content);

const MAKERS = {
  /** 4000×3000 as the sensor read it, EXIF orientation 6: to be shown as 3000×4000. About 4 MB, with GPS data. */
  'camera.jpg': cameraJpeg,
  /** 1200×800, Display P3. */
  'wide-colour.jpg': displayP3Jpeg,
  /** 1000×600, the left half clear. */
  'alpha.png': pngWithAlpha,
  /** 1600×1200. */
  'photo.webp': webpPhoto,
  /** 320×240, 6 frames. */
  'animated.gif': animatedGif,
  /** 1654×2339. */
  'scan.tiff': scannedTiff,
  /** Three pages: A4, A5 across, A4. */
  'pages.pdf': pagedPdf,
  'notes.txt': text('One line.\nGrüße aus Zürich, 東京, and 🏔.\n'),
  'empty.txt': text(''),

  /** The first two thirds of a JPEG. */
  'truncated.jpg': truncatedJpeg,
  /** 20,000×20,000 in a few kilobytes. */
  'huge.png': hugePng,
  /** Opens with a password alone. */
  'locked.pdf': lockedPdf,
  'page.html.jpg': text('<!doctype html><title>x</title><script>alert(document.domain)</script>'),
  'drawing.svg.jpg': text(
    '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"><image href="file:///etc/passwd"/></svg>',
  ),
} satisfies Record<string, () => Promise<Buffer>>;

export type FixtureName = keyof typeof MAKERS;

const CACHE = fileURLToPath(new URL('../../.cache/fixtures/', import.meta.url));
const SOURCES = ['fixtures.ts', 'huge-png.ts', 'images.ts', 'pdf.ts', 'pdf-locked.ts'];
let folder: Promise<string> | undefined;

/** Files of other sources than these are other files. */
async function cacheFolder(): Promise<string> {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    const path = source === 'fixtures.ts' ? './fixtures.ts' : `./fixtures/${source}`;
    hash.update(await readFile(new URL(path, import.meta.url)));
  }
  const path = join(CACHE, hash.digest('hex').slice(0, 12));
  await mkdir(path, { recursive: true });
  return path;
}

/** A file to upload, really of its kind; made once and kept. */
export async function fixture(name: FixtureName): Promise<Buffer> {
  folder ??= cacheFolder();
  const path = join(await folder, name);
  try {
    return await readFile(path);
  } catch {
    const made = await MAKERS[name]();
    const unfinished = `${path}.${process.pid}`;
    await writeFile(unfinished, made);
    await rename(unfinished, path);
    return made;
  }
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
