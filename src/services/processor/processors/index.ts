import { pdfThumbnail } from './pdf-thumbnail.ts';
import type { Processor } from './processor.ts';
import { resize } from './resize.ts';
import { thumbnail } from './thumbnail.ts';
import { watermark } from './watermark.ts';
import { webp } from './webp.ts';

/** All processors. A new one is a file beside these and a line here. */
export const PROCESSORS: readonly Processor[] = [thumbnail, resize, webp, watermark, pdfThumbnail];

export const processorNamed = (name: string): Processor | undefined =>
  PROCESSORS.find((processor) => processor.name === name);

/** All content types that some processor takes. */
export const PROCESSABLE_TYPES: readonly string[] = [...new Set(PROCESSORS.flatMap(({ accepts }) => accepts))];
