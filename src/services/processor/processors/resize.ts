import { encode } from '../sandbox/encode.ts';
import { IMAGE_TYPES, inside, insideScale } from './pictures.ts';
import { defineProcessor } from './processor.ts';

export const resize = defineProcessor({
  name: 'resize',
  about: 'The whole picture inside a box, never enlarged.',
  accepts: IMAGE_TYPES,
  rank: 'normal',
  options: (type) =>
    type.Object(
      {
        width: type.Integer({ minimum: 1, maximum: 8192, default: 1024 }),
        height: type.Integer({ minimum: 1, maximum: 8192, default: 1024 }),
        format: type.Enum(['auto', 'jpeg', 'png', 'webp'], { default: 'auto' }),
        quality: type.Integer({ minimum: 1, maximum: 100, default: 80 }),
      },
      { additionalProperties: false },
    ),
  scale: (box, picture) => insideScale(picture, box),
  async process(source, { format, quality, ...box }) {
    const picture = await source.picture();
    const pipeline = await picture.open(insideScale(picture.size, box));
    const target = inside(picture.size, box);
    return encode(source, pipeline.resize({ ...target, fit: 'fill' }), picture.alpha, { format, quality });
  },
});
