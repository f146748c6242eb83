import type { Sharp } from 'sharp';
import { encode } from '../sandbox/encode.ts';
import { decodeError, refusePixels } from '../sandbox/image-library.ts';
import { toRaster } from '../sandbox/picture.ts';
import { ProcessError } from '../sandbox/process-error.ts';
import type { Raster, Size, Source } from '../sandbox/source.ts';
import { IMAGE_TYPES, inside, insideScale, scaled } from './pictures.ts';
import { defineProcessor } from './processor.ts';

const POSITIONS = {
  'top-left': 'northwest',
  top: 'north',
  'top-right': 'northeast',
  left: 'west',
  centre: 'centre',
  right: 'east',
  'bottom-left': 'southwest',
  bottom: 'south',
  'bottom-right': 'southeast',
} as const;

/** A PNG of at most 100 KB, in base64: its first bytes are always these. */
const PNG_BASE64 = '^iVBORw0KGgo[A-Za-z0-9+/]+={0,2}$';
const MAX_MARK_BASE64 = Math.ceil(100_000 / 3) * 4;
const MAX_MARK_PIXELS = 4_000_000;
/** Around the mark, as a fraction of the picture's shorter side. */
const MARGIN = 0.02;

export const watermark = defineProcessor({
  name: 'watermark',
  about: 'The picture with a text or an image (PNG) over it, inside a box, never enlarged.',
  accepts: IMAGE_TYPES,
  rank: 'slow',
  options: (type) =>
    type.Object(
      {
        text: type.Optional(
          type.String({
            minLength: 1,
            maxLength: 100,
            pattern: '^[^\\p{Cc}]*[^\\p{Cc}\\s][^\\p{Cc}]*$',
            description: '1 to 100 characters on one line, not only spaces',
          }),
        ),
        image: type.Optional(
          type.String({
            maxLength: MAX_MARK_BASE64,
            pattern: PNG_BASE64,
            description: 'a PNG of at most 100 KB, in base64',
          }),
        ),
        position: type.Enum(Object.keys(POSITIONS) as (keyof typeof POSITIONS)[], { default: 'bottom-right' }),
        opacity: type.Number({ minimum: 0.05, maximum: 1, default: 0.6 }),
        // The mark's width, as a fraction of the picture's.
        scale: type.Number({ minimum: 0.02, maximum: 1, default: 0.3 }),
        width: type.Integer({ minimum: 1, maximum: 8192, default: 2048 }),
        height: type.Integer({ minimum: 1, maximum: 8192, default: 2048 }),
        format: type.Enum(['auto', 'jpeg', 'png', 'webp'], { default: 'auto' }),
        quality: type.Integer({ minimum: 1, maximum: 100, default: 80 }),
      },
      { additionalProperties: false },
    ),
  check: ({ text, image }) =>
    (text === undefined) === (image === undefined) ? 'either text or image is needed, and not both' : undefined,
  scale: ({ width, height }, picture) => insideScale(picture, { width, height }),
  async process(source, { text, image, position, opacity, scale, width, height, format, quality }) {
    const picture = await source.picture();
    const target = inside(picture.size, { width, height });
    const mark = await (text !== undefined ? drawText(source, text) : readImage(source, image ?? ''));
    const overlay = await fit(source, mark, target, scale, opacity);
    const pipeline = await picture.open(insideScale(picture.size, { width, height }));
    const marked = await toRaster(
      pipeline
        .resize({ ...target, fit: 'fill' })
        .composite([{ input: overlay.data, raw: shape(overlay), gravity: POSITIONS[position] }]),
    );
    return encode(source, source.draw(marked.data, { raw: shape(marked) }), picture.alpha, { format, quality });
  },
});

const shape = ({ width, height, channels }: Raster) => ({ width, height, channels });

/** White letters with a dark rim, so that they can be read on light and on dark. */
async function drawText(source: Source, text: string): Promise<Raster> {
  const letters = await maskOf(source, text);
  const rim = 3;
  const [width, height] = [letters.width + 2 * rim, letters.height + 2 * rim];
  const padded = source
    .draw(letters.data, { raw: shape(letters) })
    .extend({ top: rim, bottom: rim, left: rim, right: rim, background: '#000' });
  const core = await toMask(padded.clone());
  const halo = await toMask(
    padded
      .clone()
      .blur(rim / 2)
      .linear(3, 0),
  );
  const data = Buffer.alloc(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const white = core[pixel] ?? 0;
    data.fill(white, pixel * 4, pixel * 4 + 3);
    data[pixel * 4 + 3] = Math.max(white, Math.round((halo[pixel] ?? 0) * 0.6));
  }
  return { data, width, height, channels: 4 };
}

/** The text as one channel: 255 where there is ink. */
async function maskOf(source: Source, text: string): Promise<Raster> {
  // The library reads markup where it should read text.
  const escaped = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  const { data, info } = await source
    .draw({ text: { text: escaped, font: 'DejaVu Sans Bold 64', dpi: 72 } })
    .toColourspace('b-w')
    .extractChannel(0)
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: 1 };
}

const toMask = (pipeline: Sharp): Promise<Buffer> => pipeline.extractChannel(0).raw().toBuffer();

async function readImage(source: Source, base64: string): Promise<Raster> {
  const bytes = Buffer.from(base64, 'base64');
  try {
    const { width, height } = await source.draw(bytes, { limitInputPixels: false }).metadata();
    refusePixels(width, height, MAX_MARK_PIXELS);
    return await toRaster(source.draw(bytes, { failOn: 'error' }).ensureAlpha());
  } catch (error) {
    throw new ProcessError(
      'not_processable',
      `The image of the watermark cannot be used. ${decodeError(error).reason}`,
      { cause: error },
    );
  }
}

/** The mark in the size that it has on this picture, as see-through as it shall be, with a margin around it. */
async function fit(source: Source, mark: Raster, picture: Size, scale: number, opacity: number): Promise<Raster> {
  const margin = Math.floor(Math.min(picture.width, picture.height) * MARGIN);
  const room = { width: picture.width - 2 * margin, height: picture.height - 2 * margin };
  const factor = Math.min((picture.width * scale) / mark.width, room.width / mark.width, room.height / mark.height);
  const overlay = await toRaster(
    source
      .draw(mark.data, { raw: shape(mark) })
      .resize({ ...scaled(mark, factor), fit: 'fill' })
      .extend({ top: margin, bottom: margin, left: margin, right: margin, background: '#00000000' }),
  );
  for (let index = 3; index < overlay.data.length; index += 4) {
    overlay.data[index] = Math.round((overlay.data[index] ?? 0) * opacity);
  }
  return overlay;
}
