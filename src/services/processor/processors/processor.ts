import type Type from 'typebox';
import type { Static, TObject } from 'typebox';
import type { Made, Size, Source } from '../sandbox/source.ts';

/** Where a processor with these options comes among the jobs of a file: what somebody waits for is made first. */
export type Rank = 'quick' | 'normal' | 'slow';

export const RANKS: readonly Rank[] = ['quick', 'normal', 'slow'];

/**
 * Code that makes a variant. The description is read by the server, which never runs `process`; `process` runs in a
 * sandbox child, which never builds the schema: so neither loads the other's libraries, and a file of this folder
 * imports types and helpers only.
 */
export interface Processor<Options extends TObject = TObject> {
  /** Lower case, with underscores. */
  readonly name: string;
  /** One sentence for people. */
  readonly about: string;
  /** Content types that it takes, exactly. */
  readonly accepts: readonly string[];
  readonly rank: Rank;
  /** The schema of its options, made with the schema library: every option has a range and, where it may be left out, a default. */
  options(type: typeof Type): Options;
  /** What the schema cannot say of options that fit it; a sentence where something is wrong. */
  check?(options: Static<Options>): string | undefined;
  /**
   * How large the picture must be for it, as a fraction (above 0, at most 1) of its own size, so that one decoding
   * serves all jobs of a file. Absent where the source is no picture.
   */
  scale?(options: Static<Options>, picture: Size): number;
  /** Throws `ProcessError` for what the file is to blame for. */
  process(source: Source, options: Static<Options>): Promise<Made>;
}

/** Infers the type of the options from the schema. */
export const defineProcessor = <Options extends TObject>(processor: Processor<Options>): Processor<Options> =>
  processor;
