import Type, { type TSchema } from 'typebox';
import { Default, Errors } from 'typebox/value';
import type { Processor } from './processor.ts';

export type Options = Readonly<Record<string, unknown>>;

/** What is wrong with one option. */
export interface OptionProblem {
  /** Undefined where it is about all of them. */
  readonly option: string | undefined;
  /** What was given and what was expected, without a full stop. */
  readonly message: string;
}

export type CompletedOptions =
  | { readonly options: Options; readonly problems?: undefined }
  | { readonly options?: undefined; readonly problems: readonly OptionProblem[] };

type Schema = ReturnType<Processor['options']>;
const schemas = new Map<Processor, Schema>();

/** The JSON Schema of a processor's options. */
export function optionsSchema(processor: Processor): Schema {
  const schema = schemas.get(processor) ?? processor.options(Type);
  schemas.set(processor, schema);
  return schema;
}

export interface OptionDescription {
  readonly name: string;
  /** What it takes, in words. */
  readonly expects: string;
  /** Its default, or that it has none. */
  readonly fallback: string;
}

/** The options of a processor, for people. */
export const optionsOf = (processor: Processor): OptionDescription[] =>
  Object.entries(optionsSchema(processor).properties).map(([name, schema]) => {
    const { default: fallback } = schema as { default?: unknown };
    return {
      name,
      expects: expectation(schema),
      fallback: fallback === undefined ? 'no default' : `default ${fallback}`,
    };
  });

/** Checks options and fills in what was left out. */
export function completeOptions(processor: Processor, given: unknown): CompletedOptions {
  const schema = optionsSchema(processor);
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return { problems: [{ option: undefined, message: `${show(given)} is not valid; expected an object` }] };
  }
  const options = Default(schema, structuredClone(given)) as Options;
  const wrong = new Set(Errors(schema, options).flatMap(({ instancePath }) => instancePath.split('/')[1] ?? []));
  const problems = [...wrong].map((option) => ({ option, message: problemOf(schema, option, options[option]) }));
  if (problems.length > 0) return { problems };
  const whole = processor.check?.(options);
  return whole === undefined ? { options } : { problems: [{ option: undefined, message: whole }] };
}

function problemOf({ properties }: Schema, option: string, value: unknown): string {
  const schema = Object.hasOwn(properties, option) ? properties[option] : undefined;
  return schema
    ? `${show(value)} is not valid; expected ${expectation(schema)}`
    : `there is no such option; there are ${Object.keys(properties).join(', ')}`;
}

/** What a schema of one option takes, in words. */
function expectation(schema: TSchema): string {
  const {
    description,
    type,
    enum: choices,
    minimum,
    maximum,
    minLength,
    maxLength,
  } = schema as Record<string, unknown>;
  if (typeof description === 'string') return description;
  if (Array.isArray(choices)) return `one of ${choices.join(', ')}`;
  if (type === 'integer') return `a whole number from ${minimum} to ${maximum}`;
  if (type === 'number') return `a number from ${minimum} to ${maximum}`;
  return `text of ${minLength ?? 0} to ${maxLength} characters`;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
