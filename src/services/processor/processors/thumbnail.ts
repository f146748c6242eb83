import { encode } from '../sandbox/encode.ts';
import { coverScale, IMAGE_TYPES, inside, insideScale } from './pictures.ts';
import { defineProcessor } from './processor.ts';

export const thumbnail = defineProcessor({
  name: 'thumbnail',
  about: 'A small picture of exactly the given size (cover), or inside it (inside).',
  accepts: IMAGE_TYPES,
  rank: 'quick',
  options: (type) =>
    type.Object(
      {
        width: type.Integer({ minimum: 1, maximum: 1024, default: 300 }),
        height: type.Integer({ minimum: 1, maximum: 1024, default: 300 }),
        fit: type.Enum(['cover', 'inside'], { default: 'cover' }),
        position: type.Enum(['centre', 'top', 'bottom', 'left', 'right', 'attention'], { default: 'centre' }),
        format: type.Enum(['auto', 'jpeg', 'png', 'webp'], { default: 'auto' }),
        quality: type.Integer({ minimum: 1, maximum: 100, default: 80 }),
      },
      { additionalProperties: false },
    ),
  scale: ({ fit, ...box }, picture) => (fit === 'cover' ? coverScale(picture, box) : insideScale(picture, box)),
  async process(source, { fit, position, format, quality, ...box }) {
    const picture = await source.picture();
    const pipeline =
      fit === 'cover'
        ? (await picture.open(coverScale(picture.size, box))).resize({ ...box, fit: 'cover', position })
        : (await picture.open(insideScale(picture.size, box))).resize({ ...inside(picture.size, box), fit: 'fill' });
    return encode(source, pipeline, picture.alpha, { format, quality });
  },
});
