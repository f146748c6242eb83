import type { Sharp } from 'sharp';
import { decodeError } from './image-library.ts';
import { toRaster } from './picture.ts';
import type { Made, MadeType, Raster, Source } from './source.ts';

export interface Encoding {
  /** `auto`: JPEG, or WebP where some pixel is transparent. */
  readonly format: 'auto' | 'jpeg' | 'png' | 'webp';
  /** 1 to 100; PNG is lossless and takes no notice. */
  readonly quality: number;
  /** Of WebP: 0 (fast) to 6 (small). */
  readonly effort?: number;
}

/** Encodes what a pipeline yields; without any metadata. `alpha`: whether it may hold transparent pixels. */
export async function encode(source: Source, pipeline: Sharp, alpha: boolean, encoding: Encoding): Promise<Made> {
  if (encoding.format !== 'auto') return write(pipeline, encoding.format, encoding);
  if (!alpha) return write(pipeline, 'jpeg', encoding);
  const raster = await toRaster(pipeline);
  return write(fromRaster(source, raster), isOpaque(raster) ? 'jpeg' : 'webp', encoding);
}

export const fromRaster = (source: Source, { data, width, height, channels }: Raster): Sharp =>
  source.draw(data, { raw: { width, height, channels } });

async function write(
  pipeline: Sharp,
  format: 'jpeg' | 'png' | 'webp',
  { quality, effort = 1 }: Encoding,
): Promise<Made> {
  const encoder = {
    jpeg: () => pipeline.flatten({ background: '#ffffff' }).jpeg({ quality }),
    png: () => pipeline.png({ compressionLevel: 6 }),
    webp: () => pipeline.webp({ quality, effort }),
  }[format]();
  const { data, info } = await encoder.toBuffer({ resolveWithObject: true }).catch((error: unknown) => {
    throw decodeError(error);
  });
  return { data, contentType: `image/${format}` satisfies MadeType, width: info.width, height: info.height };
}

/** Whether no pixel is transparent: many pictures carry an alpha channel that says nothing. */
function isOpaque({ data, channels }: Raster): boolean {
  if (channels === 1 || channels === 3) return true;
  for (let index = channels - 1; index < data.length; index += channels) {
    if (data[index] !== 255) return false;
  }
  return true;
}
