import type sharp from 'sharp';
import type { Sharp } from 'sharp';

/** Pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A file as a processor sees it, inside the sandbox: a picture or a document, opened when first asked for. */
export interface Source {
  picture(): Promise<Picture>;
  document(): Promise<Document>;
  /** The image library, with our limits set, for what is drawn and not read. */
  readonly draw: typeof sharp;
}

export interface Picture {
  /** As it is to be looked at: EXIF orientation applied. */
  readonly size: Size;
  /** Whether some pixel may be transparent. */
  readonly alpha: boolean;
  /** The whole picture, upright and in sRGB, at `scale` of its size or above it (where that saves a decoding). */
  open(scale: number): Promise<Sharp>;
}

export interface Document {
  readonly pages: number;
  /** Renders a page (from 1), as large as fits into the box. */
  render(page: number, box: Size): Promise<Raster>;
}

/** 8 bits a channel, rows from the top. */
export interface Raster extends Size {
  readonly data: Buffer;
  readonly channels: 1 | 2 | 3 | 4;
}

/** Formats that we write, and the extensions of their keys. */
export const EXTENSIONS = { 'image/jpeg': 'jpg', 'image/png': 'png', 'image/webp': 'webp' } as const;
export type MadeType = keyof typeof EXTENSIONS;

/** A variant's bytes. */
export interface Made extends Size {
  readonly data: Buffer;
  readonly contentType: MadeType;
}
