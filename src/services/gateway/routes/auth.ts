import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { LogInResponse, RefreshResponse } from '../../../contract/holdfast/v1/auth.ts';
import { userJson } from '../account-json.ts';
import type { RouteModule } from '../app.ts';
import { present } from '../present.ts';
import { clientOf } from '../request.ts';
import {
  AUTH_BODY_LIMIT,
  Credentials,
  EmailField,
  EXAMPLE_CREDENTIALS,
  MAIL_ANSWER,
  MailAnswer,
  Nothing,
  PasswordField,
} from '../schemas/accounts.ts';
import { NoQuery } from '../schemas/common.ts';
import { TokensAnswer } from '../schemas/session.ts';
import { UserRef } from '../schemas/user.ts';

const SignUpBody = Type.Object(
  {
    email: EmailField,
    password: PasswordField,
    name: Type.Optional(Type.String({ maxLength: 200 })),
    invitation: Type.Optional(Type.String({ maxLength: 128, description: 'Where sign-up is by invitation.' })),
  },
  { additionalProperties: false, examples: [{ ...EXAMPLE_CREDENTIALS, name: 'Ada' }] },
);

const refreshToken = Type.String({ maxLength: 128, description: 'The `refresh_token` of the answer before.' });
const RefreshBody = Type.Object(
  { refresh_token: refreshToken },
  { additionalProperties: false, examples: [{ refresh_token: 'hfr_…' }] },
);

/** Signing up, and what clients with tokens do. Browsers: see auth-sessions.ts. */
export const authRoutes: RouteModule = (app, { auth }) => {
  const anyone = { bodyLimit: AUTH_BODY_LIMIT, config: { access: 'anyone' } } as const;
  const signingIn = { ...anyone, config: { access: 'anyone', limit: 'sign-in' } } as const;

  app.post(
    '/api/auth/signup',
    {
      ...signingIn,
      schema: {
        tags: ['auth'],
        operationId: 'signUp',
        summary: 'Make an account',
        querystring: NoQuery,
        body: SignUpBody,
        description:
          'Where e-mails have to be confirmed, the answer is 202, also where there is an account already: the mail tells.',
        response: { 201: { description: 'The account.', ...UserRef }, 202: MailAnswer },
      },
    },
    async (request, reply) => {
      const { user } = await auth.signUp({ ...request.body, client: clientOf(request) }, request.call);
      if (!user) return reply.code(202).send(MAIL_ANSWER);
      return reply.code(201).send(userJson(present(user)));
    },
  );

  app.post(
    '/api/auth/login',
    {
      ...signingIn,
      schema: {
        tags: ['auth'],
        operationId: 'logIn',
        summary: 'Sign in, for a client that keeps tokens',
        querystring: NoQuery,
        body: Credentials,
        response: { 200: TokensAnswer('Signed in.') },
      },
    },
    async (request, reply) =>
      sendTokens(reply, await auth.logIn({ ...request.body, client: clientOf(request) }, request.call)),
  );

  app.post(
    '/api/auth/refresh',
    {
      ...anyone,
      schema: {
        tags: ['auth'],
        operationId: 'refresh',
        summary: 'Get a new access token',
        description:
          'And the next refresh token. Where the answer was lost, asking again within 30 seconds answers the same; a ' +
          'refresh token that comes later, or after its successor, ends the session, because two have it.',
        querystring: NoQuery,
        body: RefreshBody,
        response: { 200: TokensAnswer('Go on with these.') },
      },
    },
    async (request, reply) => {
      const { refresh_token } = request.body;
      return sendTokens(
        reply,
        await auth.refresh({ refreshToken: refresh_token, client: clientOf(request) }, request.call),
      );
    },
  );

  app.post(
    '/api/auth/revoke',
    {
      ...anyone,
      schema: {
        tags: ['auth'],
        operationId: 'revoke',
        summary: 'Sign out with a refresh token',
        description: 'Ends its session, also when the access token has expired. A token that is none is no error.',
        querystring: NoQuery,
        body: RefreshBody,
        response: { 204: Nothing('Signed out.') },
      },
    },
    async (request, reply) => {
      await auth.logOut({ refreshToken: request.body.refresh_token, client: clientOf(request) }, request.call);
      return reply.code(204).send(null);
    },
  );

  const KeySet = Type.Object(
    { keys: Type.Array(Type.Record(Type.String(), Type.Unknown())) },
    { description: 'JSON Web Key Set (RFC 7517); empty where tokens are signed with a secret.' },
  );
  app.get(
    '/.well-known/jwks.json',
    {
      config: { access: 'anyone', limit: 'none' },
      schema: {
        tags: ['auth'],
        operationId: 'getSigningKeys',
        summary: 'The keys that access tokens are signed with',
        querystring: NoQuery,
        response: { 200: KeySet },
      },
    },
    async (request, reply) => {
      const { keys } = await auth.getSigningKeys({}, request.call);
      reply.header('cache-control', 'public, max-age=300');
      return { keys };
    },
  );
};

function sendTokens(reply: FastifyReply, tokens: Omit<LogInResponse, 'user'> | RefreshResponse) {
  reply.header('cache-control', 'no-store');
  return {
    access_token: tokens.accessToken,
    token_type: 'Bearer' as const,
    expires_in: tokens.expiresIn,
    refresh_token: tokens.refreshToken,
    refresh_expires_in: tokens.refreshExpiresIn,
  };
}
