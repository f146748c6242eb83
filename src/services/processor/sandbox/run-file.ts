import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { processorNamed } from '../processors/index.ts';
import { type Processor, RANKS } from '../processors/processor.ts';
import { PdfDocument } from './document.ts';
import type { ImageLibrary } from './image-library.ts';
import { type PictureLimits, ScratchPicture } from './picture.ts';
import { ProcessError } from './process-error.ts';
import { type FailedReport, type MadeReport, outputName, type SandboxJob } from './protocol.ts';
import type { Made, Size, Source } from './source.ts';

export interface FileRun {
  readonly path: string;
  readonly jobs: readonly SandboxJob[];
  readonly limits: PictureLimits;
}

export interface RunEvents {
  started(job: number): void;
  made(job: number, made: MadeReport): void;
  failed(job: number, failed: FailedReport): void;
}

interface PlannedRun {
  readonly index: number;
  readonly processor: Processor | undefined;
  readonly options: Readonly<Record<string, unknown>>;
  /** Undefined where no picture is decoded for it. */
  readonly scale: number | undefined;
}

/**
 * Makes all variants of one file, one after the other, each told of as soon as it lies in the scratch folder. Only a
 * trap in a library is thrown: this process is not to be used any more.
 */
export async function runFile(sharp: ImageLibrary, run: FileRun, events: RunEvents): Promise<void> {
  const source = new ScratchSource(sharp, run.path, run.limits);
  try {
    const plan = await planRuns(source, run.jobs);
    await source.expect(plan.flatMap(({ scale }) => scale ?? []));
    let undecodable: ProcessError | undefined;
    for (const { index, processor, options, scale } of plan) {
      const decodes = scale !== undefined;
      events.started(index);
      try {
        if (!processor) throw new ProcessError('not_processable', 'There is no such processor any more.');
        // A picture that cannot be decoded once is not decoded again for each job.
        if (decodes && undecodable) throw undecodable;
        const made = await processor.process(source, options);
        events.made(index, await keep(index, made));
      } catch (error) {
        if (error instanceof Error && error.name === 'RuntimeError') throw error;
        if (decodes && error instanceof ProcessError && error.code === 'corrupt_input') undecodable = error;
        events.failed(index, failureOf(error));
      }
    }
  } finally {
    source.close();
  }
}

/** The quickest first; among equals the largest first, so that smaller ones are made from it. */
async function planRuns(source: ScratchSource, jobs: readonly SandboxJob[]): Promise<PlannedRun[]> {
  const processors = jobs.map((job) => processorNamed(job.processor));
  const size = processors.some((processor) => processor?.scale) ? await source.sizeIfReadable() : undefined;
  return jobs
    .map(({ options }, index): PlannedRun => {
      const processor = processors[index];
      return { index, processor, options, scale: size && processor?.scale?.(options, size) };
    })
    .sort((a, b) => rankOf(a) - rankOf(b) || (b.scale ?? 0) - (a.scale ?? 0) || a.index - b.index);
}

const rankOf = ({ processor }: PlannedRun): number => (processor ? RANKS.indexOf(processor.rank) : 0);

async function keep(index: number, { data, contentType, width, height }: Made): Promise<MadeReport> {
  await writeFile(outputName(index), data);
  const sha256 = createHash('sha256').update(data).digest('hex');
  return { contentType, size: data.length, width, height, sha256 };
}

function failureOf(error: unknown): FailedReport {
  if (error instanceof ProcessError) {
    const { code, reason, permanent, cause } = error;
    return { code, reason, permanent, ...(cause instanceof Error && { detail: cause.message }) };
  }
  return {
    code: 'internal',
    reason: 'Something went wrong on our side.',
    permanent: false,
    detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}

/** A file in the scratch folder, opened once, when a processor first asks. */
class ScratchSource implements Source {
  readonly draw: ImageLibrary;
  readonly #path: string;
  readonly #limits: PictureLimits;
  #picture: Promise<ScratchPicture> | undefined;
  #document: Promise<PdfDocument> | undefined;
  #opened: PdfDocument | undefined;

  constructor(sharp: ImageLibrary, path: string, limits: PictureLimits) {
    this.draw = sharp;
    this.#path = path;
    this.#limits = limits;
  }

  picture(): Promise<ScratchPicture> {
    this.#picture ??= refuseEmpty(this.#path).then(() => ScratchPicture.open(this.draw, this.#path, this.#limits));
    return this.#picture;
  }

  document(): Promise<PdfDocument> {
    this.#document ??= refuseEmpty(this.#path)
      .then(() => readFile(this.#path))
      .then((bytes) => PdfDocument.open(bytes))
      .then((document) => {
        this.#opened = document;
        return document;
      });
    return this.#document;
  }

  /** Undefined where the picture cannot be read, as each job is going to say by itself. */
  async sizeIfReadable(): Promise<Size | undefined> {
    return this.picture().then(
      ({ size }) => size,
      () => undefined,
    );
  }

  async expect(scales: readonly number[]): Promise<void> {
    if (scales.length > 0) (await this.picture()).expect(scales);
  }

  close(): void {
    this.#opened?.close();
  }
}

async function refuseEmpty(path: string): Promise<void> {
  if ((await stat(path)).size === 0) throw new ProcessError('corrupt_input', 'The file is empty.');
}
