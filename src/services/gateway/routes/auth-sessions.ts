import { Type } from 'typebox';
import { CredentialKind } from '../../../contract/holdfast/v1/auth.ts';
import { sessionJson, userJson } from '../account-json.ts';
import type { RouteModule } from '../app.ts';
import { clearSessionCookie, isSecure, SESSION_COOKIE_AGE, sessionCookie, setSessionCookie } from '../credentials.ts';
import { present } from '../present.ts';
import { clientOf } from '../request.ts';
import { refuseOtherOrigin } from '../same-origin.ts';
import { AUTH_BODY_LIMIT, Credentials, IdParams, Nothing, PasswordField } from '../schemas/accounts.ts';
import { NoQuery, PAGE_QUERY, pageOf } from '../schemas/common.ts';
import { SessionRef } from '../schemas/session.ts';
import { UserRef } from '../schemas/user.ts';

const LogOutBody = Type.Object(
  {
    everywhere: Type.Optional(Type.Boolean({ description: 'All sessions of the account, not just this one.' })),
  },
  { additionalProperties: false, examples: [{}, { everywhere: true }] },
);
const PasswordBody = Type.Object(
  {
    currentPassword: Type.String({ maxLength: 256, description: 'Empty for an account that has none yet.' }),
    newPassword: PasswordField,
  },
  {
    additionalProperties: false,
    examples: [{ currentPassword: 'correct horse battery staple', newPassword: 'four other words entirely' }],
  },
);
const Started = Type.Object({ user: UserRef, session: SessionRef }, { additionalProperties: false });
const ListQuery = Type.Object(PAGE_QUERY, { additionalProperties: false });
const Ended = Type.Object({ ended: Type.Integer({ examples: [2] }) }, { additionalProperties: false });

/** Signing in and out with a browser, and the sessions that an account has. */
export const authSessionRoutes: RouteModule = (app, { auth, settings: { publicUrl } }) => {
  const secure = isSecure(publicUrl);

  app.post(
    '/api/auth/sessions',
    {
      bodyLimit: AUTH_BODY_LIMIT,
      config: { access: 'anyone', limit: 'sign-in' },
      schema: {
        tags: ['auth'],
        operationId: 'createSession',
        summary: 'Sign in, for a browser',
        description:
          'Answers with a cookie that scripts cannot read. Writes with it must come from a page of this server.',
        querystring: NoQuery,
        body: Credentials,
        response: { 201: { description: 'Signed in.', ...Started } },
      },
    },
    async (request, reply) => {
      refuseOtherOrigin(request, publicUrl);
      const { cookie } = request.raw.headers;
      const replaces = cookie === undefined ? undefined : sessionCookie(cookie, secure);
      const made = await auth.createSession({ ...request.body, client: clientOf(request), replaces }, request.call);
      setSessionCookie(reply, made.token, secure, SESSION_COOKIE_AGE);
      const session = present(made.session);
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({ user: userJson(present(made.user)), session: sessionJson(session, session.id) });
    },
  );

  app.post(
    '/api/auth/logout',
    {
      bodyLimit: AUTH_BODY_LIMIT,
      schema: {
        tags: ['auth'],
        operationId: 'logOut',
        summary: 'Sign out, here or everywhere',
        description: 'Its tokens are refused within a second. API tokens stay.',
        querystring: NoQuery,
        body: Type.Optional(LogOutBody),
        response: { 204: Nothing('Signed out.') },
      },
    },
    async (request, reply) => {
      const { kind, credentialId } = present(request.identity);
      const client = clientOf(request);
      if (request.body?.everywhere || credentialId === '') await auth.endSessions({ client }, request.call);
      else await auth.logOut({ sessionId: credentialId, client }, request.call);
      if (kind === CredentialKind.SESSION) clearSessionCookie(reply, secure);
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/api/auth/sessions',
    {
      schema: {
        tags: ['auth'],
        operationId: 'listSessions',
        summary: 'Where one is signed in',
        querystring: ListQuery,
        response: { 200: pageOf(SessionRef, 'A page of sessions, the latest first.') },
      },
    },
    async (request) => {
      const { limit = 0, cursor = '' } = request.query;
      const answer = await auth.listSessions({ page: { limit, cursor, sort: '' } }, request.call);
      const { credentialId } = present(request.identity);
      return {
        items: answer.sessions.map((session) => sessionJson(session, credentialId)),
        nextCursor: answer.nextCursor || null,
      };
    },
  );

  app.delete(
    '/api/auth/sessions',
    {
      schema: {
        tags: ['auth'],
        operationId: 'endOtherSessions',
        summary: 'Sign out everywhere else',
        querystring: NoQuery,
        response: { 200: { description: 'How many sessions ended.', ...Ended } },
      },
    },
    async (request) => {
      const exceptSessionId = present(request.identity).credentialId;
      return auth.endSessions({ exceptSessionId, client: clientOf(request) }, request.call);
    },
  );

  app.delete(
    '/api/auth/sessions/:id',
    {
      schema: {
        tags: ['auth'],
        operationId: 'endSession',
        summary: 'Sign out somewhere',
        params: IdParams('session'),
        querystring: NoQuery,
        response: { 204: Nothing('It has ended.') },
      },
    },
    async (request, reply) => {
      await auth.endSession({ sessionId: request.params.id, client: clientOf(request) }, request.call);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/api/auth/password',
    {
      bodyLimit: AUTH_BODY_LIMIT,
      config: { limit: 'sign-in' },
      schema: {
        tags: ['auth'],
        operationId: 'changePassword',
        summary: 'Change the password',
        description: 'Ends all other sessions.',
        querystring: NoQuery,
        body: PasswordBody,
        response: { 204: Nothing('It is changed.') },
      },
    },
    async (request, reply) => {
      const keepSessionId = present(request.identity).credentialId;
      await auth.changePassword({ ...request.body, keepSessionId, client: clientOf(request) }, request.call);
      return reply.code(204).send(null);
    },
  );
};
