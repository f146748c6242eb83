import type { RouteOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../../../src/base/logger.ts';
import type { GatewayDeps } from '../../../src/services/gateway/deps.ts';
import { NO_LIMITS } from '../../../src/services/gateway/rate-limits/limits.ts';
import { buildServer } from '../../../src/services/gateway/server.ts';
import { type Api, formBody } from '../../harness/client.ts';
import { fixture } from '../../harness/fixtures.ts';
import type { CallOptions } from '../../harness/http.ts';
import { keptMail, tokenIn } from '../../harness/kept-mail.ts';
import {
  type Description,
  differences,
  type Media,
  mediaExamples,
  parameterExample,
  type Route,
  readDescription,
  routesOf,
} from '../../harness/openapi.ts';
import { Browser } from '../../harness/sign-in/browser.ts';
import { someGitHubUser, startGitHub } from '../../harness/sign-in/github.ts';
import { useStack } from '../../harness/stack.ts';

const github = await startGitHub();
const stack = useStack({ env: github.env });
afterAll(() => github.stop());
let user: Api;
let admin: Api;
let description: Description;
let photo: string;
let broken: string;
let deadJob: string;

beforeAll(async () => {
  user = await stack.api.signUp();
  const email = 'admin@example.com';
  admin = await stack.api.signUp(email);
  await stack.cli('admin', 'promote', email);
  // So that another admin is left, whatever the examples do to this one.
  await stack.cli('admin', 'create', 'second@example.com', '--admin');
  description = await readDescription(stack.api);
  photo = (await user.upload(await fixture('photo.webp'), { name: 'photo.webp', query: { visibility: 'public' } })).id;
  broken = (await user.upload(await fixture('truncated.jpg'), { name: 'broken.jpg' })).id;
  await user.processed(photo);
  await user.processed(broken);
  deadJob = (await user.jobs(broken))[0]?.id as string;
});

/** A job that is dead, also when it was run again before. */
async function dead(): Promise<string> {
  await user.processed(broken);
  return deadJob;
}

const text = async () => (await user.upload('text', { name: 'text.txt', type: 'text/plain' })).id;
const pending = (size = 5) => user.begin({ name: 'hello.txt', size, contentType: 'text/plain' });

/** Something that each route can be asked about, by the name that its path has for it. */
const SUBJECTS: Readonly<Record<string, () => Promise<string>>> = {
  'DELETE /api/files/{id}': text,
  'PATCH /api/files/{id}': text,
  async 'POST /api/files/{id}/restore'() {
    const id = await text();
    await user.expect(204, 'DELETE', `/api/files/${id}`);
    return id;
  },
  'GET /api/jobs/{id}': async () => deadJob,
  'POST /api/jobs/{id}/retry': dead,
  'POST /api/admin/jobs/{id}/retry': dead,
  'GET /api/uploads/{fileId}': async () => (await pending()).file.id,
  'DELETE /api/uploads/{fileId}': async () => (await pending()).file.id,
  'POST /api/uploads/{fileId}/parts': async () => (await pending(4 * 1024 ** 3)).file.id,
  async 'POST /api/uploads/{fileId}/confirm'() {
    const { file, upload } = await pending();
    await user.put(upload.url, 'hello', upload.headers);
    return file.id;
  },
  'PUT /signed/{token}': async () => (await pending()).upload.url.split('/').at(-1) as string,
  async 'GET /signed/{token}'() {
    const { body } = await user.expect(200, 'POST', `/api/files/${photo}/url`, { json: {} });
    return body.url.split('/').at(-1);
  },
};

/** Somebody of whom the route leaves nothing. */
const OTHERS: Readonly<Record<string, (asker: Api) => Promise<string>>> = {
  'GET /api/auth/oauth/{provider}': async () => 'github',
  'GET /api/auth/oauth/{provider}/callback': async () => 'github',
  'POST /api/auth/oauth/{provider}/link': async () => 'github',
  async 'DELETE /api/auth/oauth/accounts/{id}'(asker) {
    const { email } = (await asker.expect(200, 'GET', '/api/auth/me')).body;
    github.user = someGitHubUser(email);
    const browser = new Browser();
    const headers = { authorization: `Bearer ${asker.token}` };
    const { body } = await browser.call('POST', `${stack.server.url}/api/auth/oauth/github/link`, {
      json: {},
      headers,
    });
    await browser.go(body.url);
    return (await asker.expect(200, 'GET', '/api/auth/oauth/accounts')).body.items[0].id;
  },
  async 'DELETE /api/auth/sessions/{id}'(asker) {
    const { body } = await asker.expect(200, 'GET', '/api/auth/sessions');
    return body.items.at(-1).id;
  },
  async 'DELETE /api/auth/tokens/{id}'(asker) {
    const json = { name: 'to be revoked', scopes: ['jobs'] };
    return (await asker.expect(201, 'POST', '/api/auth/tokens', { json })).body.apiToken.id;
  },
  'GET /api/admin/users/{id}': anybody,
  'PATCH /api/admin/users/{id}': anybody,
  'DELETE /api/admin/users/{id}': anybody,
  async 'DELETE /api/admin/invitations/{id}'() {
    return (await admin.expect(201, 'POST', '/api/admin/invitations', { json: {} })).body.invitation.id;
  },
};

async function anybody(): Promise<string> {
  return (await (await stack.api.signUp()).expect(200, 'GET', '/api/auth/me')).body.id;
}

/** Who asks: admins what is theirs, and somebody who is signed in for this alone what signs out. */
async function askerOf(route: Route): Promise<Api> {
  if (route.path.startsWith('/api/admin/')) return admin;
  const signsOut = /^(DELETE \/api\/auth\/sessions|POST \/api\/auth\/(logout|password))/.test(nameOf(route));
  return signsOut ? stack.api.signUp() : user;
}

/** What a provider sends a browser back with is good once. */
async function cameBack(): Promise<{ query: string; options: CallOptions }> {
  github.user = someGitHubUser(`user-${crypto.randomUUID()}@example.com`);
  const browser = new Browser();
  const { url } = await browser.go(`${stack.server.url}/api/auth/oauth/github`, ({ pathname }) =>
    pathname.endsWith('/callback'),
  );
  const cookie = `holdfast-sign-in=${browser.cookie(url.href, 'holdfast-sign-in')}`;
  return { query: url.search.slice(1), options: { headers: { cookie } } };
}

/** Where the token of a route comes by mail. */
const MAILED: Readonly<Record<string, { readonly asked: string; readonly subject: string }>> = {
  'POST /api/auth/verify-email/confirm': { asked: '/api/auth/verify-email', subject: 'Confirm your e-mail address' },
  'POST /api/auth/password-reset/confirm': { asked: '/api/auth/password-reset', subject: 'Choose another password' },
};

/** Tokens have no example that is good. */
async function withToken(route: Route, options: CallOptions): Promise<CallOptions> {
  const mailed = MAILED[nameOf(route)];
  if (mailed) {
    const email = `user-${crypto.randomUUID()}@example.com`;
    await stack.api.signUp(email);
    await stack.api.expect(202, 'POST', mailed.asked, { json: { email } });
    const token = tokenIn(await keptMail(stack.dataDir, email, mailed.subject));
    return { json: { ...(options.json as object), token } };
  }
  if (!/^POST \/api\/auth\/(refresh|revoke)$/.test(nameOf(route))) return options;
  const { body } = await stack.api.expect(200, 'POST', '/api/auth/login', {
    json: { email: 'admin@example.com', password: 'correct horse battery staple' },
  });
  return { json: { refresh_token: body.refresh_token } };
}

const nameOf = ({ method, path }: Route) => `${method} ${path}`;
const subjectOf = (route: Route, asker: Api): Promise<string> =>
  (
    OTHERS[nameOf(route)] ??
    SUBJECTS[nameOf(route)] ??
    SUBJECTS[nameOf(route).replace('HEAD', 'GET')] ??
    (async () => photo)
  )(asker);

/** Every way to ask that the description gives an example of. */
async function requestsOf(route: Route): Promise<{ query: string; options: CallOptions }[]> {
  if (nameOf(route) === 'GET /api/auth/oauth/{provider}/callback') return [await cameBack()];
  const { method, operation } = route;
  const known = (operation.parameters ?? [])
    .filter((one) => one.in === 'query' && parameterExample(one) !== undefined)
    .map((one): [string, string] => [one.name, one.name === 'fileId' ? photo : String(parameterExample(one))]);
  const all = new URLSearchParams(known).toString();
  const bodies = Object.entries(operation.requestBody?.content ?? {});
  if (bodies.length === 0) {
    const each = method === 'GET' ? known.map((one) => new URLSearchParams([one]).toString()) : [];
    return [...new Set(['', ...each, all])].map((query) => ({ query, options: {} }));
  }
  return bodies.flatMap(([type, media]) =>
    bodiesOf(type, media).map((options) => ({ query: type.startsWith('multipart/') ? '' : all, options })),
  );
}

function bodiesOf(type: string, media: Media): CallOptions[] {
  const examples = mediaExamples(media);
  if (type === 'application/json') return examples.map((json) => ({ json }));
  if (!type.startsWith('multipart/')) {
    const contentType = type === '*/*' ? 'text/plain' : type;
    return [{ body: String(examples[0] ?? 'hello'), headers: { 'content-type': contentType } }];
  }
  return examples.map((example) => {
    const { file, ...fields } = example as { file: string[] } & Record<string, string>;
    const form = formBody([
      ...Object.entries(fields).map(([field, content]) => ({ field, content: content as string })),
      ...file.map((content) => ({ field: 'file', filename: 'example.txt', type: 'text/plain', content })),
    ]);
    return { body: form.body, headers: { 'content-type': form.type } };
  });
}

describe('the description of the API', () => {
  test('has every route, and no other', async () => {
    const nothing = {} as never;
    const app = buildServer({
      auth: nothing,
      files: nothing,
      uploads: nothing,
      objects: { endpoint: { path: '/signed/' } },
      probes: {},
      settings: {
        host: '127.0.0.1',
        port: 0,
        trustProxy: [],
        corsOrigins: [],
        maxFileSize: 1,
        allowedTypes: [],
        rateLimits: NO_LIMITS,
        version: '0',
      },
      log: await createLogger({ level: 'error', pretty: false }),
    } as unknown as GatewayDeps);
    const registered = new Set<string>();
    app.addHook('onRoute', ({ method, url, schema }: RouteOptions) => {
      if ((schema as { hide?: boolean } | undefined)?.hide) return;
      for (const one of [method].flat()) registered.add(`${one} ${url.replace(/:(\w+)/g, '{$1}')}`);
    });
    await app.ready();
    await app.close();
    const described = routesOf(description).map(nameOf);
    const withoutHead = (names: Iterable<string>) => [...names].filter((name) => !/^(HEAD|OPTIONS) /.test(name)).sort();
    expect(withoutHead(described)).toEqual(withoutHead(registered));
    expect(described.length).toBeGreaterThan(20);
  });

  test('has what the product promises', () => {
    const described = new Set(routesOf(description).map(nameOf));
    for (const promised of [
      'POST /api/auth/signup',
      'POST /api/auth/login',
      'GET /api/auth/me',
      'POST /api/files',
      'POST /api/upload',
      'POST /api/uploads',
      'GET /api/uploads/{fileId}',
      'POST /api/uploads/{fileId}/parts',
      'POST /api/uploads/{fileId}/confirm',
      'DELETE /api/uploads/{fileId}',
      'GET /api/files',
      'GET /api/files/{id}',
      'PATCH /api/files/{id}',
      'DELETE /api/files/{id}',
      'POST /api/files/{id}/restore',
      'GET /api/files/{id}/content',
      'GET /public/{id}',
      'GET /public/{id}/{variant}',
      'POST /api/files/{id}/url',
      'POST /api/files/{id}/variants',
      'GET /api/jobs',
      'GET /api/jobs/{id}',
      'POST /api/jobs/{id}/retry',
      'GET /healthz',
      'GET /readyz',
      'GET /metrics',
    ]) {
      expect(described).toContain(promised);
    }
    expect(description.openapi).toMatch(/^3\.1/);
  });

  test('gives an example of every body', () => {
    for (const route of routesOf(description)) {
      for (const [type, media] of Object.entries(route.operation.requestBody?.content ?? {})) {
        if (type === 'application/json' || type.startsWith('multipart/')) {
          expect(mediaExamples(media).length, `${nameOf(route)} ${type}`).toBeGreaterThan(0);
        }
      }
    }
  });

  test('is true of every example that it gives', async () => {
    const wrong: string[] = [];
    let sent = 0;
    for (const route of routesOf(description)) {
      for (const { query, options } of await requestsOf(route)) {
        const asker = await askerOf(route);
        const subject = await subjectOf(route, asker);
        const path = route.path.replace('{variant}', 'thumbnail').replace(/\{\w+\}/, encodeURIComponent(subject));
        const answer = await asker.call(
          route.method,
          query ? `${path}?${query}` : path,
          await withToken(route, options),
        );
        const problems = differences(description, route, answer);
        if (answer.status >= 400) problems.push(`refused with ${answer.status}: ${answer.bytes}`);
        wrong.push(
          ...problems.map((problem) => `${nameOf(route)} ?${query} ${JSON.stringify(options.json)}: ${problem}`),
        );
        sent += 1;
      }
    }
    expect(wrong).toEqual([]);
    expect(sent).toBeGreaterThan(40);
  });

  test('is true of errors', async () => {
    for (const route of routesOf(description).filter(({ path }) => path.includes('{'))) {
      const path = route.path.replace(/\{\w+\}/g, 'none');
      const asker = route.path.startsWith('/api/admin/') ? admin : user;
      const answer = await asker.call(route.method, path, route.operation.requestBody ? { json: {} } : {});
      expect(answer.status, nameOf(route)).toBeGreaterThanOrEqual(400);
      if (route.method !== 'HEAD') expect(differences(description, route, answer), nameOf(route)).toEqual([]);
    }
  });

  test('is there to be read', async () => {
    const { status, headers } = await stack.api.call('GET', '/docs');
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'text/html; charset=utf-8' });
  });
});
