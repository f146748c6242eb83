import type { Size } from '../sandbox/source.ts';

/** The image formats that we read. HEIC is none: its decoder is not in the library's prebuilt binaries. */
export const IMAGE_TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/tiff', 'image/avif'] as const;

/** What fits into a box without changing its shape, and is never larger than it was. */
export const inside = ({ width, height }: Size, box: Size): Size =>
  scaled({ width, height }, insideScale({ width, height }, box));

/** The fraction of its own size at which a picture fits into a box; 1 where it does already. */
export const insideScale = (picture: Size, box: Size): number =>
  Math.min(1, box.width / picture.width, box.height / picture.height);

/** The fraction of its own size at which a picture just covers a box; 1 where it cannot. */
export const coverScale = (picture: Size, box: Size): number =>
  Math.min(1, Math.max(box.width / picture.width, box.height / picture.height));

/** Whole pixels, at least one each way. */
export const scaled = ({ width, height }: Size, scale: number): Size => ({
  width: Math.max(1, Math.round(width * scale)),
  height: Math.max(1, Math.round(height * scale)),
});
