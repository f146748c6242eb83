import type { TSchema } from 'typebox';
import { Compile } from 'typebox/schema';
import type { Api } from './client.ts';
import type { Answer } from './http.ts';

/** What tests read of an OpenAPI document (3.1). */
export interface Description {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, TSchema>> };
}

export interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path' | 'header';
  readonly required?: boolean;
  readonly example?: unknown;
  readonly schema: { readonly examples?: readonly unknown[]; readonly example?: unknown };
}

export interface Media {
  readonly schema?: TSchema & { readonly examples?: readonly unknown[]; readonly example?: unknown };
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

export interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

export const readDescription = async (api: Api): Promise<Description> =>
  (await api.expect(200, 'GET', '/openapi.json')).body;

export const routesOf = ({ paths }: Description): Route[] =>
  Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );

/** Whether a route heeds who is signed in. */
export const isForSomebody = ({ operation }: Route): boolean =>
  operation.security?.some((one) => Object.keys(one).length > 0) === true;

export function mediaExamples({ example, examples, schema }: Media): unknown[] {
  const all = [
    ...(example === undefined ? [] : [example]),
    ...Object.values(examples ?? {}).map(({ value }) => value),
    ...(schema?.examples ?? []),
    ...(schema?.example === undefined ? [] : [schema.example]),
  ];
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}

export const parameterExample = ({ example, schema }: Parameter): unknown =>
  example ?? schema.example ?? schema.examples?.[0];

/** How an answer differs from what the description says of it; nothing where it does not. */
export function differences(description: Description, { operation }: Route, answer: Answer): string[] {
  const { status, headers, bytes, body } = answer;
  const declared = operation.responses[status] ?? operation.responses[`${String(status)[0]}XX`.toUpperCase()];
  if (!declared) return [`status ${status} is not described: ${bytes.toString().slice(0, 300)}`];
  const type = headers['content-type']?.split(';')[0] ?? '';
  const content = declared.content;
  if (!content) return bytes.length > 0 ? [`status ${status} has a body that is not described`] : [];
  if (content['*/*']) return [];
  const media = content[type];
  if (!media) return [`status ${status} is of type ${type}, not ${Object.keys(content).join(' or ')}`];
  if (!/json/.test(type) || !media.schema) return [];
  const [fits, errors] = Compile(resolve(description, media.schema) as TSchema).Errors(body);
  return fits ? [] : errors.map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
}

/** The schema with all its references put in. */
function resolve(description: Description, schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map((one) => resolve(description, one));
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $ref, ...rest } = schema as { $ref?: string };
  if ($ref === undefined) {
    return Object.fromEntries(Object.entries(rest).map(([name, one]) => [name, resolve(description, one)]));
  }
  const found = description.components.schemas[$ref.replace('#/components/schemas/', '')];
  if (!found) throw new Error(`${$ref} is not in the description`);
  return resolve(description, found);
}
