import { encode, fromRaster } from '../sandbox/encode.ts';
import { defineProcessor } from './processor.ts';

export const pdfThumbnail = defineProcessor({
  name: 'pdf_thumbnail',
  about: 'A page of a PDF as a picture inside a box, on white.',
  accepts: ['application/pdf'],
  rank: 'quick',
  options: (type) =>
    type.Object(
      {
        page: type.Integer({ minimum: 1, maximum: 100_000, default: 1 }),
        width: type.Integer({ minimum: 1, maximum: 4096, default: 600 }),
        height: type.Integer({ minimum: 1, maximum: 4096, default: 600 }),
        format: type.Enum(['jpeg', 'png'], { default: 'jpeg' }),
        quality: type.Integer({ minimum: 1, maximum: 100, default: 85 }),
      },
      { additionalProperties: false },
    ),
  async process(source, { page, format, quality, ...box }) {
    const document = await source.document();
    const raster = await document.render(page, box);
    // The page was drawn on white: its alpha channel says nothing.
    return encode(source, fromRaster(source, raster).removeAlpha(), false, { format, quality });
  },
});
