import { Type } from 'typebox';
import type { RouteModule } from '../app.ts';
import { userJson } from '../json.ts';
import { present } from '../present.ts';
import { requireOwner } from '../request.ts';
import { NoQuery } from '../schemas/common.ts';
import { UserRef } from '../schemas/user.ts';

const email = Type.String({ maxLength: 320, description: 'In any case; it is kept in lower case.' });
const password = Type.String({
  maxLength: 256,
  description: 'At least 8 characters, at most 72 bytes in UTF-8.',
});
const EXAMPLE = { email: 'ada@example.com', password: 'correct horse battery staple' };

const SignUpBody = Type.Object(
  { email, password, name: Type.Optional(Type.String({ maxLength: 255 })) },
  { additionalProperties: false, examples: [{ ...EXAMPLE, name: 'Ada' }] },
);
const LogInBody = Type.Object({ email, password }, { additionalProperties: false, examples: [EXAMPLE] });
const LogInAnswer = Type.Object(
  {
    access_token: Type.String({ description: 'To be sent as `Authorization: Bearer …`.' }),
    token_type: Type.Literal('Bearer'),
    expires_in: Type.Integer({ description: 'Seconds.', examples: [86400] }),
  },
  { description: 'Signed in.', additionalProperties: false },
);

/** Bytes of a body. Anybody may send one, and reading JSON costs time in which nobody else is served. */
const BODY_LIMIT = 16 * 1024;

export const authRoutes: RouteModule = (app, { auth }) => {
  app.post(
    '/api/auth/signup',
    {
      bodyLimit: BODY_LIMIT,
      config: { access: 'anyone' },
      schema: {
        tags: ['auth'],
        operationId: 'signUp',
        summary: 'Make an account',
        querystring: NoQuery,
        body: SignUpBody,
        response: { 201: { description: 'The account.', ...UserRef } },
      },
    },
    async (request, reply) => {
      const { user } = await auth.signUp(request.body, request.call);
      return reply.code(201).send(userJson(present(user)));
    },
  );

  app.post(
    '/api/auth/login',
    {
      bodyLimit: BODY_LIMIT,
      config: { access: 'anyone' },
      schema: {
        tags: ['auth'],
        operationId: 'logIn',
        summary: 'Sign in',
        querystring: NoQuery,
        body: LogInBody,
        response: { 200: LogInAnswer },
      },
    },
    async (request, reply) => {
      const { accessToken, expiresIn } = await auth.logIn(request.body, request.call);
      reply.header('cache-control', 'no-store');
      return { access_token: accessToken, token_type: 'Bearer' as const, expires_in: expiresIn };
    },
  );

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
};
