import type sharpModule from 'sharp';
import { ProcessError } from './process-error.ts';

export type ImageLibrary = typeof sharpModule;

/** The decoders that may see a user's bytes. All others (SVG, PDF, and whatever a later build adds) stay blocked. */
const DECODERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Tiff', 'Heif'];

/** Loads sharp with every decoder blocked but ours, one thread an image, and no cache. */
export async function loadImageLibrary(): Promise<ImageLibrary> {
  const { default: sharp } = await import('sharp');
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: DECODERS.map((name) => `VipsForeignLoad${name}`) });
  sharp.concurrency(1);
  sharp.cache(false);
  return sharp;
}

const count = new Intl.NumberFormat('en');

/** Refuses a picture by its header, before anything is decoded. */
export function refusePixels(width: number, height: number, limit: number): void {
  if (width * height <= limit) return;
  throw new ProcessError(
    'too_many_pixels',
    `The image has ${count.format(width)} × ${count.format(height)} pixels; at most ${count.format(limit)} are processed. Upload a smaller one.`,
  );
}

const CUT_OFF =
  /premature end|truncated|read error|unexpected end|bad seek|unable to parse|end of (file|stream)|not enough/i;

/** What the image library says of bytes that it cannot read, as a sentence. */
export function decodeError(error: unknown): ProcessError {
  if (error instanceof ProcessError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (/out of memory|unable to allocate|cannot allocate/i.test(message)) {
    return new ProcessError('out_of_memory', 'The image needs more memory than processing may have.', {
      permanent: false,
      cause: error,
    });
  }
  if (/pixel limit/i.test(message)) {
    return new ProcessError('too_many_pixels', 'The image has too many pixels. Upload a smaller one.', {
      cause: error,
    });
  }
  return new ProcessError('corrupt_input', corruptReason(message), { cause: error });
}

function corruptReason(message: string): string {
  if (CUT_OFF.test(message)) return 'The image is damaged: its data is incomplete. Upload the whole file again.';
  if (/unsupported image format/i.test(message)) {
    return 'This is no image that can be read here, or it is damaged. JPEG, PNG, WebP, GIF, TIFF and AVIF are read.';
  }
  return 'The image is damaged and cannot be decoded.';
}
