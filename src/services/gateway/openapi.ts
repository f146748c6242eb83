import swagger from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import type { App } from './app.ts';
import type { Access } from './authenticate.ts';
import { PROBLEM_TYPE } from './problem.ts';

/**
 * Describes the API by the schemas of its routes (OpenAPI 3.1). The document is put together when it is first asked
 * for. A route with `hide` in its schema is left out.
 */
export function describeApi(app: App, version: string): void {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Holdfast',
        description:
          'The file back end for an application: takes files in safely, processes them, hands them out fast.',
        version,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'The `access_token` that logging in answers.' },
        },
      },
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, i) => (json.$id as string | undefined) ?? `schema${i}`,
    },
    transform: ({ schema, url, route }) => ({ url, schema: withCommonParts(schema, route.config?.access ?? 'owner') }),
  });
}

const SECURITY: Readonly<Record<Access, readonly Record<string, string[]>[]>> = {
  owner: [{ bearer: [] }],
  optional: [{}, { bearer: [] }],
  anyone: [],
};

/** Adds what is the same for every route: who may call it, and that any error is a problem. */
function withCommonParts(schema: FastifySchema | undefined, access: Access): FastifySchema {
  const problem = {
    description: 'What was wrong.',
    content: { [PROBLEM_TYPE]: { schema: { $ref: 'Problem#' } } },
  };
  return {
    security: SECURITY[access],
    ...schema,
    response: { ...(schema?.response as object | undefined), '4xx': problem, '5xx': problem },
  };
}
