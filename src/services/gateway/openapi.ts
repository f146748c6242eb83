import swagger from '@fastify/swagger';
import type { FastifySchema, RouteOptions } from 'fastify';
import type { App } from './app.ts';
import { PROBLEM_TYPE } from './problem.ts';
import { ruleOf } from './route-rules.ts';

/** In the order in which people look for them. */
const TAGS = {
  uploads: 'Getting files in: through the API, or straight to the object store.',
  files: 'Finding, changing, deleting and restoring them.',
  content: 'Getting files and their variants out, and links to them.',
  processing: 'Variants on request, and the jobs that make them.',
  auth: 'Accounts, sessions and tokens.',
  admin: 'For admins.',
  ingest: 'For the object store itself.',
  health: 'For whoever watches over the server.',
};

/**
 * Describes the API by the schemas of its routes (OpenAPI 3.1). The document is put together when it is first asked
 * for. A route with `hide` in its schema is left out.
 */
export function describeApi(app: App, { version, cookieName }: { version: string; cookieName: string }): void {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Holdfast',
        description:
          'The file back end for an application: takes files in safely, processes them, hands them out fast.\n\n' +
          'Where a rate limit is set, answers say in `RateLimit` and `RateLimit-Policy` where one stands; over it, they ' +
          'are 429 with `Retry-After`.\n\n' +
          'Make an account with `POST /api/auth/signup`, log in with `POST /api/auth/login`, and send the `access_token` ' +
          'as `Authorization: Bearer …`.',
        version,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description: 'The `access_token` that logging in answers, or an API token that has the scope.',
          },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: cookieName,
            description: 'What `POST /api/auth/sessions` sets. Writes with it must come from a page of this server.',
          },
        },
      },
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, i) => (json.$id as string | undefined) ?? `schema${i}`,
    },
    transform: ({ schema, url, route }) => ({ url, schema: withCommonParts(schema, securityOf(route)) }),
  });
}

type Security = readonly Readonly<Record<string, readonly string[]>>[];

/** What opens a route: the scope that it needs stands beside the credential. */
function securityOf({ config, method, url }: RouteOptions): Security {
  const access = config?.access ?? 'owner';
  const [first = 'GET'] = [method].flat();
  if (access === 'anyone' || first === 'OPTIONS') return [];
  const { scope } = config?.scope ? { scope: config.scope } : ruleOf(first, url);
  const signedIn: Security = [{ bearer: [scope] }, { session: [scope] }];
  return access === 'optional' ? [{}, ...signedIn] : signedIn;
}

/** Adds what is the same for every route: who may call it, and that any error is a problem. */
function withCommonParts(schema: FastifySchema | undefined, security: Security): FastifySchema {
  const problem = {
    description: 'What was wrong.',
    content: { [PROBLEM_TYPE]: { schema: { $ref: 'Problem#' } } },
  };
  return {
    security: security as FastifySchema['security'],
    ...schema,
    response: { ...(schema?.response as object | undefined), '4xx': problem, '5xx': problem },
  };
}
