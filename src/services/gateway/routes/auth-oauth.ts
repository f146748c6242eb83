import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { linkedAccountJson } from '../account-json.ts';
import type { RouteModule } from '../app.ts';
import {
  clearSignInCookie,
  isSecure,
  SESSION_COOKIE_AGE,
  sessionCookie,
  setSessionCookie,
  setSignInCookie,
  signInCookie,
} from '../credentials.ts';
import { originOf } from '../origin.ts';
import { present } from '../present.ts';
import { clientOf } from '../request.ts';
import { requireReturnTo, withError } from '../return-to.ts';
import { AUTH_BODY_LIMIT, IdParams, Nothing } from '../schemas/accounts.ts';
import { NoQuery, PAGE_QUERY, pageOf } from '../schemas/common.ts';
import { LinkedAccountRef, SignInProviderRef } from '../schemas/oauth.ts';

const ReturnTo = Type.String({
  maxLength: 2_000,
  description: 'Where the browser goes in the end: a path of this server, or a URL of an origin in `SIGN_IN_ORIGINS`.',
  examples: ['/'],
});
const ProviderParams = Type.Object({
  provider: Type.String({ maxLength: 64, description: '`name` of a provider.', examples: ['google'] }),
});
const StartQuery = Type.Object(
  {
    return_to: Type.Optional(ReturnTo),
    invitation: Type.Optional(Type.String({ maxLength: 128, description: 'Where sign-up is by invitation.' })),
  },
  { additionalProperties: false },
);
const CallbackQuery = Type.Object(
  {
    code: Type.Optional(Type.String({ maxLength: 8_192, description: 'What the provider vouches with.' })),
    state: Type.Optional(Type.String({ maxLength: 1_024, description: 'What this server sent along.' })),
  },
  { additionalProperties: true },
);
const LinkBody = Type.Object(
  { returnTo: Type.Optional(ReturnTo) },
  { additionalProperties: false, examples: [{}, { returnTo: '/' }] },
);
const Begun = Type.Object(
  {
    url: Type.String({ description: 'Where the page sends the browser.', examples: ['https://accounts.google.com/…'] }),
  },
  { additionalProperties: false },
);
const ProviderList = Type.Object({ items: Type.Array(SignInProviderRef) }, { additionalProperties: false });
/** Where the browser goes next stands in the header. */
const Redirect = (description: string) =>
  Type.Null({ description, headers: { location: { description: 'Where to.', schema: { type: 'string' } } } });

/** Signing in with somebody else's account. The service talks to the provider; here are the browser's ways and cookies. */
export const authOAuthRoutes: RouteModule = (app, { auth, settings }) => {
  const { publicUrl, signInOrigins } = settings;
  const secure = isSecure(publicUrl);

  const begin = async (
    request: FastifyRequest,
    reply: FastifyReply,
    given: {
      readonly provider: string;
      readonly returnTo: string;
      readonly invitation?: string | undefined;
      readonly linkSessionId?: string;
    },
  ): Promise<string> => {
    const path = `/api/auth/oauth/${given.provider}/callback`;
    const redirectUri = `${originOf(request, publicUrl)}${path}`;
    const begun = await auth.beginProviderSignIn({ ...given, redirectUri, client: clientOf(request) }, request.call);
    const age = Math.max(1, Math.floor((present(begun.expiresAt).getTime() - Date.now()) / 1_000));
    setSignInCookie(reply, begun.browserToken, secure, age);
    reply.header('cache-control', 'no-store');
    return begun.url;
  };

  app.get(
    '/api/auth/oauth/providers',
    {
      config: { access: 'anyone' },
      schema: {
        tags: ['auth'],
        operationId: 'listSignInProviders',
        summary: 'With whom one can sign in',
        querystring: NoQuery,
        response: { 200: { description: 'In the order in which to show them.', ...ProviderList } },
      },
    },
    async (request) => {
      const { providers } = await auth.listSignInProviders({}, request.call);
      return { items: providers.map(({ name, title }) => ({ name, title, url: `/api/auth/oauth/${name}` })) };
    },
  );

  app.get(
    '/api/auth/oauth/accounts',
    {
      schema: {
        tags: ['auth'],
        operationId: 'listLinkedAccounts',
        summary: 'The accounts elsewhere that one signs in with',
        querystring: Type.Object(PAGE_QUERY, { additionalProperties: false }),
        response: { 200: pageOf(LinkedAccountRef, 'A page of linked accounts, the latest first.') },
      },
    },
    async (request) => {
      const { limit = 0, cursor = '' } = request.query;
      const answer = await auth.listLinkedAccounts({ page: { limit, cursor, sort: '' } }, request.call);
      return { items: answer.accounts.map(linkedAccountJson), nextCursor: answer.nextCursor || null };
    },
  );

  app.delete(
    '/api/auth/oauth/accounts/:id',
    {
      schema: {
        tags: ['auth'],
        operationId: 'unlinkAccount',
        summary: 'Sign in with that account no more',
        description: 'Refused where it is the only way to sign in that is left.',
        params: IdParams('linked account'),
        querystring: NoQuery,
        response: { 204: Nothing('It is unlinked.') },
      },
    },
    async (request, reply) => {
      await auth.unlinkAccount({ linkedAccountId: request.params.id, client: clientOf(request) }, request.call);
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/api/auth/oauth/:provider',
    {
      config: { access: 'anyone', limit: 'sign-in' },
      exposeHeadRoute: false,
      schema: {
        tags: ['auth'],
        operationId: 'signInWithProvider',
        summary: 'Sign in with a provider',
        description:
          'For a browser to go to: it is sent to the provider, comes back to `callback`, and ends at `return_to` with ' +
          'a session as `POST /api/auth/sessions` starts one, or with `error=` and the code of what went wrong.',
        params: ProviderParams,
        querystring: StartQuery,
        response: { 302: Redirect('To the provider.') },
      },
    },
    async (request, reply) => {
      const { return_to: returnTo = '/', invitation } = request.query;
      const url = await begin(request, reply, {
        provider: request.params.provider,
        returnTo: requireReturnTo(returnTo, settings, 'return_to'),
        invitation,
      });
      return reply.redirect(url, 302);
    },
  );

  app.post(
    '/api/auth/oauth/:provider/link',
    {
      bodyLimit: AUTH_BODY_LIMIT,
      schema: {
        tags: ['auth'],
        operationId: 'linkAccount',
        summary: 'Link an account elsewhere with one’s own',
        description:
          'Answers where the page sends the browser, which ends at `returnTo`, with `error=` where it was refused.',
        params: ProviderParams,
        querystring: NoQuery,
        body: Type.Optional(LinkBody),
        response: { 200: { description: 'Go there.', ...Begun } },
      },
    },
    async (request, reply) => {
      const returnTo = requireReturnTo(request.body?.returnTo ?? '/', { publicUrl, signInOrigins }, 'returnTo');
      const linkSessionId = present(request.identity).credentialId;
      return { url: await begin(request, reply, { provider: request.params.provider, returnTo, linkSessionId }) };
    },
  );

  app.get(
    '/api/auth/oauth/:provider/callback',
    {
      config: { access: 'anyone' },
      exposeHeadRoute: false,
      schema: {
        tags: ['auth'],
        operationId: 'finishSignIn',
        summary: 'Where a provider sends the browser back to',
        description: 'Good once, for the browser that began. What the provider adds to the query is given to it again.',
        params: ProviderParams,
        querystring: CallbackQuery,
        response: { 302: Redirect('To `return_to`, with the session’s cookie or `error=`.') },
      },
    },
    async (request, reply) => {
      const { cookie = '' } = request.raw.headers;
      reply.header('cache-control', 'no-store').header('referrer-policy', 'no-referrer');
      const { returnTo, error, token } = await auth.finishProviderSignIn(
        {
          provider: request.params.provider,
          query: (request.raw.url ?? '').split('?').slice(1).join('?'),
          browserToken: signInCookie(cookie, secure) ?? '',
          client: clientOf(request),
          replaces: sessionCookie(cookie, secure),
        },
        request.call,
      );
      // Only now: what was not begun here must not end what was.
      clearSignInCookie(reply, secure);
      if (token !== undefined) setSessionCookie(reply, token, secure, SESSION_COOKIE_AGE);
      return reply.redirect(error === undefined ? returnTo : withError(returnTo, error), 302);
    },
  );
};
