import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import type { TLocalizedValidationError } from 'typebox/error';
import { type FieldError, HoldfastError } from '../../base/errors.ts';

/** The framework brands the promises that it takes. */
type Answer = ReturnType<ReturnType<FastifySchemaCompiler<TSchema>>>;

interface Check {
  Check(value: unknown): boolean;
  Errors(value: unknown): TLocalizedValidationError[];
}

const MAX_FIELDS = 20;

/**
 * Compiles a route's schemas when the first request comes by, so that starting does not wait for it. What does not
 * fit is `invalid_request` with the path of each field. Nothing is converted but the text of a query or a path where
 * its schema says integer or boolean; nothing is dropped.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  let compiled: Check | undefined;
  const isText = httpPart === 'querystring' || httpPart === 'params';

  const check = (compiled: Check, value: unknown): boolean => {
    if (isText) readText(schema, value);
    if (compiled.Check(value)) return true;
    throw describe(compiled.Errors(value), httpPart, value);
  };
  const checkFirst = async (value: unknown): Promise<boolean> => {
    const { Compile } = await import('typebox/compile');
    compiled = Compile(schema);
    return check(compiled, value);
  };
  return (value: unknown): Answer => {
    if (!compiled) return checkFirst(value) as unknown as Answer;
    try {
      return check(compiled, value);
    } catch (error) {
      return { error: error as HoldfastError };
    }
  };
};

/** Reads numbers and truth values out of the text of a query, in place; what is neither stays and fails the check. */
function readText(schema: TSchema, value: unknown): void {
  const properties = (schema as { properties?: Record<string, { type?: string }> }).properties ?? {};
  const query = value as Record<string, unknown>;
  for (const [name, { type }] of Object.entries(properties)) {
    const text = query[name];
    if (typeof text !== 'string') continue;
    if (type === 'integer' && /^-?\d{1,15}$/.test(text)) query[name] = Number(text);
    if (type === 'boolean' && (text === 'true' || text === 'false')) query[name] = text === 'true';
  }
}

function describe(
  errors: readonly TLocalizedValidationError[],
  part: string | undefined,
  value: unknown,
): HoldfastError {
  if (part === 'body' && (value === undefined || value === null)) {
    return new HoldfastError('invalid_request', 'The request needs a JSON body.');
  }
  const fields = errors.flatMap(toFields).slice(0, MAX_FIELDS);
  const first = fields[0];
  const where = part === 'querystring' ? 'query parameter' : part === 'body' ? 'field' : 'value';
  return new HoldfastError(
    'invalid_request',
    first ? `The ${where} ${first.path || 'at the top'} ${first.message}.` : 'The request is not valid.',
    { fields },
  );
}

type Params = { readonly allowedValues?: readonly unknown[]; readonly allowedValue?: unknown };

/** Where the library's own words would leave a reader guessing. */
const MESSAGES: Readonly<Record<string, (params: Params) => string>> = {
  enum: ({ allowedValues = [] }) => `must be one of ${allowedValues.join(', ')}`,
  const: ({ allowedValue }) => `must be ${allowedValue}`,
  pattern: () => 'does not have the form that is expected here',
};

const unescapePointer = (segment: string) => segment.replaceAll('~1', '/').replaceAll('~0', '~');
const toPath = (pointer: string) => pointer.split('/').slice(1).map(unescapePointer).join('.');
const join = (path: string, name: string) => (path === '' ? name : `${path}.${name}`);

function toFields(error: TLocalizedValidationError): FieldError[] {
  const path = toPath(error.instancePath);
  // Said again, and better, as additionalProperties.
  if (error.keyword === 'boolean') return [];
  if (error.keyword === 'required') {
    return error.params.requiredProperties.map((name) => ({ path: join(path, name), message: 'is missing' }));
  }
  if (error.keyword === 'additionalProperties') {
    return error.params.additionalProperties.map((name) => ({ path: join(path, name), message: 'is not known here' }));
  }
  return [{ path, message: MESSAGES[error.keyword]?.(error.params as Params) ?? error.message }];
}
