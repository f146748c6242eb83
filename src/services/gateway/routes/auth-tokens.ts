import { Type } from 'typebox';
import { apiTokenJson } from '../account-json.ts';
import type { RouteModule } from '../app.ts';
import { present } from '../present.ts';
import { clientOf } from '../request.ts';
import { AUTH_BODY_LIMIT, IdParams, Nothing } from '../schemas/accounts.ts';
import { NoQuery, nullable, PAGE_QUERY, pageOf, Time } from '../schemas/common.ts';
import { ApiTokenRef, ScopeWord } from '../schemas/session.ts';

const NewToken = Type.Object(
  {
    name: Type.String({ maxLength: 255, description: 'By which you will know what it is for.' }),
    scopes: Type.Array(ScopeWord, { maxItems: 20, description: 'What it may; `admin` and `act-as` for admins alone.' }),
    expiresAt: Type.Optional(nullable(Time('In the future; null or absent: never.'))),
  },
  { additionalProperties: false, examples: [{ name: 'build server', scopes: ['files:read', 'files:write'] }] },
);
const Made = Type.Object(
  {
    token: Type.String({ description: 'To be sent as `Authorization: Bearer …`. It is shown here and never again.' }),
    apiToken: ApiTokenRef,
  },
  { additionalProperties: false },
);
const ListQuery = Type.Object(PAGE_QUERY, { additionalProperties: false });

/** Tokens for programs. */
export const authTokenRoutes: RouteModule = (app, { auth }) => {
  app.post(
    '/api/auth/tokens',
    {
      bodyLimit: AUTH_BODY_LIMIT,
      schema: {
        tags: ['auth'],
        operationId: 'createApiToken',
        summary: 'Make an API token',
        querystring: NoQuery,
        body: NewToken,
        response: { 201: { description: 'The token.', ...Made } },
      },
    },
    async (request, reply) => {
      const { name, scopes, expiresAt } = request.body;
      const { token, apiToken } = await auth.createApiToken(
        {
          name,
          scopes,
          expiresAt: typeof expiresAt === 'string' ? new Date(expiresAt) : undefined,
          client: clientOf(request),
          userId: '',
          sessionId: present(request.identity).credentialId,
        },
        request.call,
      );
      const answer = { token, apiToken: apiTokenJson(present(apiToken)) };
      return reply.code(201).header('cache-control', 'no-store').send(answer);
    },
  );

  app.get(
    '/api/auth/tokens',
    {
      schema: {
        tags: ['auth'],
        operationId: 'listApiTokens',
        summary: 'List one’s API tokens',
        querystring: ListQuery,
        response: { 200: pageOf(ApiTokenRef, 'A page of tokens, the latest first.') },
      },
    },
    async (request) => {
      const { limit = 0, cursor = '' } = request.query;
      const { apiTokens, nextCursor } = await auth.listApiTokens({ page: { limit, cursor, sort: '' } }, request.call);
      return { items: apiTokens.map(apiTokenJson), nextCursor: nextCursor || null };
    },
  );

  app.delete(
    '/api/auth/tokens/:id',
    {
      schema: {
        tags: ['auth'],
        operationId: 'revokeApiToken',
        summary: 'Revoke an API token',
        description: 'It is refused within a second, everywhere.',
        params: IdParams('token'),
        querystring: NoQuery,
        response: { 204: Nothing('It is revoked.') },
      },
    },
    async (request, reply) => {
      await auth.revokeApiToken({ apiTokenId: request.params.id, client: clientOf(request) }, request.call);
      return reply.code(204).send(null);
    },
  );
};
