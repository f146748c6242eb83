import { readFile } from 'node:fs/promises';
import { errnoOf } from '../../base/errors.ts';
import { completeOptions, type Options } from './processors/complete-options.ts';
import { PROCESSABLE_TYPES, PROCESSORS, processorNamed } from './processors/index.ts';
import type { Processor } from './processors/processor.ts';

/** A processor with options, and the variant type that it yields for files of some content types. */
export interface Preset {
  readonly type: string;
  readonly processor: Processor;
  /** Complete. */
  readonly options: Options;
  /** Content types, exactly. */
  readonly accepts: readonly string[];
}

/** Thrown with everything that is wrong with a presets file. */
export class PresetsError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'PresetsError';
    this.problems = problems;
  }
}

export interface PresetsSource {
  /** A JSON file in place of the built-in presets. */
  readonly file?: string | undefined;
  /** Adds a watermark with this text to the built-in presets. */
  readonly watermarkText?: string | undefined;
}

const BUILT_IN = [
  { type: 'thumbnail', processor: 'thumbnail' },
  { type: 'small', processor: 'resize', options: { width: 480, height: 480 } },
  { type: 'medium', processor: 'resize', options: { width: 1024, height: 1024 } },
  { type: 'webp', processor: 'webp' },
  { type: 'pdf_thumbnail', processor: 'pdf_thumbnail' },
];

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
};

/** The presets in effect. Throws `PresetsError` where the file cannot be read or is not right. */
export async function loadPresets({ file, watermarkText }: PresetsSource): Promise<Preset[]> {
  if (file === undefined) {
    const mark = { type: 'watermark', processor: 'watermark', options: { text: watermarkText } };
    return validatePresets(watermarkText === undefined ? BUILT_IN : [...BUILT_IN, mark]);
  }
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const errno = errnoOf(error) ?? '';
    throw new PresetsError([`it cannot be read: ${UNREADABLE[errno] ?? errno}`]);
  });
  return parsePresets(text);
}

/** Reads the text of a presets file. Throws `PresetsError`. */
export function parsePresets(text: string): Preset[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new PresetsError([`it is not JSON: ${(error as Error).message.replace(/\s+/g, ' ')}`]);
  }
  return validatePresets(parsed);
}

const MAX_PRESETS = 50;
const TYPE = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const KEYS = ['type', 'processor', 'options', 'accepts'];

function validatePresets(entries: unknown): Preset[] {
  if (!Array.isArray(entries))
    throw new PresetsError(['it is not a list of presets, such as [{"type": …, "processor": …}]']);
  if (entries.length > MAX_PRESETS)
    throw new PresetsError([`it has ${entries.length} presets; at most ${MAX_PRESETS} are taken`]);
  const problems: string[] = [];
  const presets: Preset[] = [];
  for (const [index, entry] of entries.entries()) {
    const report = (place: string, message: string) =>
      problems.push(`preset ${index + 1}${place && `, ${place}`}: ${message}`);
    const preset = validatePreset(entry, report);
    if (!preset) continue;
    const clash = presets.find(
      ({ type, accepts }) => type === preset.type && accepts.some((each) => preset.accepts.includes(each)),
    );
    if (clash) report('type', `"${preset.type}" is another preset's type already, for the same content types`);
    presets.push(preset);
  }
  if (problems.length > 0) throw new PresetsError(problems);
  return presets;
}

type ReportProblem = (place: string, message: string) => void;

function validatePreset(entry: unknown, report: ReportProblem): Preset | undefined {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    report('', 'it is not an object');
    return undefined;
  }
  const { type, processor: name, options: given = {}, accepts } = entry as Record<string, unknown>;
  for (const key of Object.keys(entry)) {
    if (!KEYS.includes(key)) report(key, `there is no such setting; there are ${KEYS.join(', ')}`);
  }
  const validType = typeof type === 'string' && TYPE.test(type) && type !== 'original' ? type : undefined;
  if (validType === undefined) {
    report('type', `${JSON.stringify(type) ?? 'it is missing'}; expected 1 to 64 of a-z 0-9 _ -, and not "original"`);
  }
  const processor = typeof name === 'string' ? processorNamed(name) : undefined;
  if (!processor) {
    report(
      'processor',
      `${JSON.stringify(name) ?? 'it is missing'}; expected one of ${PROCESSORS.map((each) => each.name).join(', ')}`,
    );
    return undefined;
  }
  const { options, problems = [] } = completeOptions(processor, given);
  for (const { option, message } of problems) report(option === undefined ? 'options' : `options.${option}`, message);
  const types = validateAccepts(accepts, processor, report);
  return validType !== undefined && options && types
    ? { type: validType, processor, options, accepts: types }
    : undefined;
}

/** Content types, or families such as `image/*`; all that the processor takes where none are named. */
function validateAccepts(given: unknown, processor: Processor, report: ReportProblem): readonly string[] | undefined {
  if (given === undefined) return processor.accepts;
  if (!Array.isArray(given) || given.length === 0) {
    report('accepts', 'expected a list of content types, such as ["image/*"]');
    return undefined;
  }
  const known = (pattern: unknown, types: readonly string[]) =>
    types.filter(
      (type) =>
        type === pattern ||
        (typeof pattern === 'string' && pattern.endsWith('/*') && type.startsWith(pattern.slice(0, -1))),
    );
  for (const pattern of given) {
    if (known(pattern, processor.accepts).length > 0) continue;
    const isElsewhere = known(pattern, PROCESSABLE_TYPES).length > 0;
    report(
      'accepts',
      `${JSON.stringify(pattern)} ${isElsewhere ? `is not taken by ${processor.name}` : 'is not taken by any processor'}; ${processor.name} takes ${processor.accepts.join(', ')}`,
    );
  }
  return [...new Set(given.flatMap((pattern) => known(pattern, processor.accepts)))];
}
