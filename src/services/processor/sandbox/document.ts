import type { PDFiumDocument, PDFiumLibrary } from '@hyzyla/pdfium';
import { scaled } from '../processors/pictures.ts';
import { ProcessError } from './process-error.ts';
import type { Document, Raster, Size } from './source.ts';

let library: Promise<PDFiumLibrary> | undefined;

/** Compiles PDFium at the first PDF of this process. */
function loadLibrary(): Promise<PDFiumLibrary> {
  library ??= import('@hyzyla/pdfium').then(({ PDFiumLibrary }) => PDFiumLibrary.init());
  return library;
}

/** A PDF, held in memory while it is open. */
export class PdfDocument implements Document {
  readonly pages: number;
  readonly #document: PDFiumDocument;

  private constructor(document: PDFiumDocument) {
    this.#document = document;
    this.pages = document.getPageCount();
  }

  static async open(bytes: Uint8Array): Promise<PdfDocument> {
    const pdfium = await loadLibrary();
    return new PdfDocument(
      await pdfium.loadDocument(bytes).catch((error: unknown) => Promise.reject(openError(error))),
    );
  }

  async render(number: number, box: Size): Promise<Raster> {
    if (number > this.pages) {
      throw new ProcessError(
        'page_out_of_range',
        `The document has no page ${number}: it has ${this.pages === 1 ? '1 page' : `${this.pages} pages`}.`,
      );
    }
    const page = this.#document.getPage(number - 1);
    // In points, a 72nd of an inch: no measure of the pixels, which the box alone bounds.
    const { originalWidth, originalHeight } = page.getOriginalSize();
    if (!(originalWidth > 0 && originalHeight > 0)) {
      throw new ProcessError('corrupt_input', `Page ${number} of the document is damaged and cannot be shown.`);
    }
    const fit = Math.min(box.width / originalWidth, box.height / originalHeight);
    const { width, height } = scaled({ width: originalWidth, height: originalHeight }, fit);
    const { data } = await page.render({ width, height, colorSpace: 'BGRA', renderFormFields: true });
    return { data: Buffer.from(data.buffer, data.byteOffset, data.byteLength), width, height, channels: 4 };
  }

  close(): void {
    this.#document.destroy();
  }
}

/** A trap of the WebAssembly module stays what it is: the module cannot be trusted any more. */
function openError(error: unknown): unknown {
  if (!(error instanceof Error) || error.name === 'RuntimeError') return error;
  return /password|security scheme/i.test(error.message)
    ? new ProcessError('encrypted_input', 'The document is protected by a password. Upload it without one.', {
        cause: error,
      })
    : new ProcessError('corrupt_input', 'The document is damaged, or is no PDF.', { cause: error });
}
