import { createHash } from 'node:crypto';
import { HoldfastError } from '../../base/errors.ts';
import type { Preset } from './presets.ts';
import { completeOptions, type Options } from './processors/complete-options.ts';
import { PROCESSORS, processorNamed } from './processors/index.ts';
import { RANKS } from './processors/processor.ts';

/** A job to be. */
export interface CatalogJob {
  readonly type: string;
  readonly processor: string;
  /** Complete. */
  readonly options: Options;
}

/** What presets and requests make of a file. It has the shape of files' own `ProcessingCatalog`. */
export interface Catalog {
  /** The jobs that presets give a file of this content type; the quickest first. */
  presetsFor(contentType: string): CatalogJob[];
  /** A job that somebody asks for. Throws `invalid_request`, or `not_processable` for a content type that does not fit. */
  plan(processor: string, options: Options, contentType: string): CatalogJob;
}

export function createCatalog(presets: readonly Preset[]): Catalog {
  const ordered = [...presets].sort((a, b) => RANKS.indexOf(a.processor.rank) - RANKS.indexOf(b.processor.rank));
  const applying = (contentType: string) => ordered.filter(({ accepts }) => accepts.includes(bare(contentType)));

  return {
    presetsFor: (contentType) =>
      applying(contentType).map(({ type, processor, options }) => ({ type, processor: processor.name, options })),

    plan(name, given, contentType) {
      const processor = processorNamed(name);
      if (!processor) {
        throw new HoldfastError(
          'invalid_request',
          `There is no processor "${name.slice(0, 100)}". There are ${PROCESSORS.map((each) => each.name).join(', ')}.`,
          { fields: [{ path: 'processor', message: 'no such processor' }] },
        );
      }
      const { options, problems } = completeOptions(processor, given);
      if (problems) {
        const fields = problems.map(({ option, message }) => ({
          path: option === undefined ? 'options' : `options.${option}`,
          message,
        }));
        throw new HoldfastError('invalid_request', `The options do not fit the processor "${name}".`, { fields });
      }
      if (!processor.accepts.includes(bare(contentType))) {
        throw new HoldfastError(
          'not_processable',
          `The processor "${name}" takes ${processor.accepts.join(', ')}; this file is ${bare(contentType)}.`,
        );
      }
      const canonical = canonicalJson(options);
      const preset = applying(contentType).find(
        (each) => each.processor === processor && canonicalJson(each.options) === canonical,
      );
      return { type: preset?.type ?? `${name}-${shortHash(canonical)}`, processor: name, options };
    },
  };
}

const bare = (contentType: string): string => contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

/** Options are flat: with their names in order, equal options are equal texts. */
const canonicalJson = (options: Options): string =>
  JSON.stringify(Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1)));
