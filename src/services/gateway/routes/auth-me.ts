import { Type } from 'typebox';
import { userJson } from '../account-json.ts';
import type { RouteModule } from '../app.ts';
import { present } from '../present.ts';
import { requireOwner } from '../request.ts';
import { AUTH_BODY_LIMIT } from '../schemas/accounts.ts';
import { NoQuery, nullable } from '../schemas/common.ts';
import { UserRef } from '../schemas/user.ts';

const MeBody = Type.Object(
  {
    name: Type.Optional(nullable(Type.String({ maxLength: 200, description: 'Null takes it away.' }))),
    notifications: Type.Optional(
      Type.Object(
        {
          uploads: Type.Optional(Type.Boolean({ description: 'A mail when files have come in.' })),
          failures: Type.Optional(Type.Boolean({ description: 'A mail when files could not be processed.' })),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false, examples: [{ name: 'Ada', notifications: { uploads: true } }] },
);

/** What users see of their own account, and settle. */
export const authMeRoutes: RouteModule = (app, { auth }) => {
  app.get(
    '/api/auth/me',
    {
      schema: {
        tags: ['auth'],
        operationId: 'getMe',
        summary: 'Who is signed in',
        querystring: NoQuery,
        response: { 200: { description: 'The account.', ...UserRef } },
      },
    },
    async (request) => {
      const { user } = await auth.getUser({ userId: requireOwner(request) }, request.call);
      return userJson(present(user));
    },
  );

  app.patch(
    '/api/auth/me',
    {
      bodyLimit: AUTH_BODY_LIMIT,
      schema: {
        tags: ['auth'],
        operationId: 'updateMe',
        summary: 'Change one’s name, or say which mails one wants',
        description:
          'What is left out stays as it is. Mails about files are off until they are asked for, and go to an address that ' +
          'is confirmed.',
        querystring: NoQuery,
        body: MeBody,
        response: { 200: { description: 'The account.', ...UserRef } },
      },
    },
    async (request) => {
      const { name, notifications } = request.body;
      const changes = { name: name === null ? '' : name, notifications };
      const { user } = await auth.updateUser(changes, request.call);
      return userJson(present(user));
    },
  );
};
