import type { Sharp, SharpOptions } from 'sharp';
import { scaled } from '../processors/pictures.ts';
import { decodeError, type ImageLibrary, refusePixels } from './image-library.ts';
import type { Picture, Raster, Size } from './source.ts';

export interface PictureLimits {
  /** Pictures with more pixels are refused. */
  readonly maxPixels: number;
  /** A decoded picture that is kept for further jobs takes at most so many bytes. */
  readonly maxRasterBytes: number;
}

/** A decoded picture, at a fraction of its own size. */
interface Rung {
  readonly scale: number;
  readonly raster: Raster;
}

/**
 * A picture in a scratch file, decoded once for all the jobs that it is opened for: into one raster as large as the
 * largest of them needs, from which smaller ones are made, step by step down a ladder. The first job is the exception
 * where the format can decode straight into a small size: somebody waits for it, and it costs a fraction.
 */
export class ScratchPicture implements Picture {
  readonly size: Size;
  readonly alpha: boolean;
  readonly #sharp: ImageLibrary;
  readonly #path: string;
  readonly #limits: PictureLimits;
  readonly #shrinksOnLoad: boolean;
  readonly #rungs: Rung[] = [];
  #expected: number[] = [];
  #opened = false;

  private constructor(sharp: ImageLibrary, path: string, limits: PictureLimits, header: Header) {
    this.#sharp = sharp;
    this.#path = path;
    this.#limits = limits;
    this.size = header.size;
    this.alpha = header.alpha;
    this.#shrinksOnLoad = header.format === 'jpeg';
  }

  /** Reads the header. Throws `ProcessError` for what is no picture of ours or has too many pixels. */
  static async open(sharp: ImageLibrary, path: string, limits: PictureLimits): Promise<ScratchPicture> {
    return new ScratchPicture(sharp, path, limits, await readHeader(sharp, path, limits.maxPixels));
  }

  /** The scales at which it is going to be opened. */
  expect(scales: readonly number[]): void {
    this.#expected = [...scales];
  }

  async open(scale: number): Promise<Sharp> {
    const later = this.#takeExpected(scale).filter((other) => this.#mayKeep(other));
    let rung = this.#smallestFrom(scale);
    if (!rung) {
      const largest = Math.max(scale, ...later);
      const atOnce = !this.#opened && this.#shrinksOnLoad && scale * 2 <= largest;
      this.#opened = true;
      if (later.length === 0 || atOnce || !this.#mayKeep(largest)) return this.#fromFile();
      rung = await this.#keep(this.#fromFile(), largest);
    }
    // Worth a step of its own where something smaller follows.
    if (rung.scale > scale * 1.05 && later.some((other) => other <= scale)) {
      rung = await this.#keep(this.#fromRaster(rung.raster), scale);
    }
    return this.#fromRaster(rung.raster);
  }

  #takeExpected(scale: number): readonly number[] {
    const index = this.#expected.indexOf(scale);
    if (index >= 0) this.#expected.splice(index, 1);
    return this.#expected;
  }

  #mayKeep(scale: number): boolean {
    const { width, height } = scaled(this.size, scale);
    return width * height * (this.alpha ? 4 : 3) <= this.#limits.maxRasterBytes;
  }

  #smallestFrom(scale: number): Rung | undefined {
    return this.#rungs.filter((rung) => rung.scale >= scale).sort((a, b) => a.scale - b.scale)[0];
  }

  #fromFile(): Sharp {
    return this.#sharp(this.#path, readOptions(this.#limits.maxPixels));
  }

  #fromRaster({ data, width, height, channels }: Raster): Sharp {
    return this.#sharp(data, { raw: { width, height, channels } });
  }

  async #keep(pipeline: Sharp, scale: number): Promise<Rung> {
    const { width, height } = scaled(this.size, scale);
    const rung = { scale, raster: await toRaster(pipeline.resize(width, height, { fit: 'fill' })) };
    this.#rungs.push(rung);
    return rung;
  }
}

interface Header {
  readonly size: Size;
  readonly alpha: boolean;
  readonly format: string;
}

async function readHeader(sharp: ImageLibrary, path: string, maxPixels: number): Promise<Header> {
  // Without the library's own limit, so that the refusal can say how many pixels there are.
  const metadata = await sharp(path, { ...readOptions(maxPixels), limitInputPixels: false })
    .metadata()
    .catch((error: unknown) => {
      throw decodeError(error);
    });
  const { width, height } = metadata.autoOrient;
  refusePixels(width, height, maxPixels);
  return { size: { width, height }, alpha: metadata.hasAlpha, format: metadata.format };
}

/** First frame or page only. A picture that ends too early or is damaged is an error; what a viewer would overlook is not. */
const readOptions = (maxPixels: number): SharpOptions => ({
  autoOrient: true,
  failOn: 'error',
  limitInputPixels: maxPixels,
  sequentialRead: true,
  pages: 1,
});

/** Runs a pipeline to plain sRGB pixels. */
export async function toRaster(pipeline: Sharp): Promise<Raster> {
  const { data, info } = await pipeline
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((error: unknown) => {
      throw decodeError(error);
    });
  return { data, width: info.width, height: info.height, channels: info.channels as Raster['channels'] };
}
