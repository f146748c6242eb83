import { encode } from '../sandbox/encode.ts';
import { IMAGE_TYPES, inside, insideScale } from './pictures.ts';
import { defineProcessor } from './processor.ts';

export const webp = defineProcessor({
  name: 'webp',
  about: 'The whole picture as WebP, inside a box, never enlarged.',
  accepts: IMAGE_TYPES,
  rank: 'slow',
  options: (type) =>
    type.Object(
      {
        width: type.Integer({ minimum: 1, maximum: 8192, default: 2048 }),
        height: type.Integer({ minimum: 1, maximum: 8192, default: 2048 }),
        quality: type.Integer({ minimum: 1, maximum: 100, default: 80 }),
        // Effort 4, the library's own choice, takes twice the time to save 4 % of the bytes.
        effort: type.Integer({ minimum: 0, maximum: 6, default: 1 }),
      },
      { additionalProperties: false },
    ),
  scale: (box, picture) => insideScale(picture, box),
  async process(source, { quality, effort, ...box }) {
    const picture = await source.picture();
    const pipeline = await picture.open(insideScale(picture.size, box));
    const target = inside(picture.size, box);
    return encode(source, pipeline.resize({ ...target, fit: 'fill' }), picture.alpha, {
      format: 'webp',
      quality,
      effort,
    });
  },
});
