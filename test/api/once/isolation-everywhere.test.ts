import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status as Status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FileServiceDefinition } from '../../../src/contract/holdfast/v1/file.ts';
import { FileAdminServiceDefinition } from '../../../src/contract/holdfast/v1/file_admin.ts';
import { type MethodDefinition, methodsOf } from '../../../src/rpc/contract.ts';
import { ALL_CONTRACTS } from '../../../src/rpc/contracts.ts';
import { type BackEnd, backEnd, grpcAddress } from '../../harness/back-end.ts';
import { Certificates } from '../../harness/certificates.ts';
import type { Api } from '../../harness/client.ts';
import { fixture } from '../../harness/fixtures.ts';
import { type Answer, type CallOptions, cookieOf } from '../../harness/http.ts';
import { mediaExamples, type Route, readDescription, routesOf } from '../../harness/openapi.ts';
import { type Stack, startStack } from '../../harness/stack.ts';
import { until } from '../../harness/until.ts';

const SCOPES = ['files:read', 'files:write', 'files:delete', 'jobs'] as const;
const NOTHING = '0198c5f1-6b7e-7cc3-98c4-dc0c0c07398f';

/** Sends one's requests as somebody; each knows which headers say so. */
interface Actor {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What admins see of others is theirs to see: who they are, not what they have. */
  readonly isAdmin?: true;
}

/** Whose things nobody else may see, and how their owner sees them. */
interface Victim {
  readonly owner: string;
  readonly api: (method: string, path: string, options?: CallOptions) => Promise<Answer>;
  readonly ids: { readonly file: string; readonly trashed: string; readonly pending: string; readonly job: string };
  /** Of the account, where it is one. */
  readonly account: { readonly session: string; readonly token: string; readonly user: string } | undefined;
}

/** In every name, folder, text and tag of the victims'. */
const SECRET = 'zebra-4711';

let folder: string;
let stack: Stack;
let routes: Route[];
let actors: Actor[];
let victims: Victim[];
let billing: BackEnd;
let reports: BackEnd;

const call = (method: string, path: string, options: CallOptions = {}) => stack.api.call(method, path, options);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-isolation-'));
  const certificates = new Certificates(join(folder, 'certs'));
  await certificates.make(['billing', 'reports']);
  stack = await startStack({
    env: { ...certificates.of('files'), GRPC_PORT: '0', GRPC_CLIENTS: 'billing,reports:read' },
  });
  billing = backEnd(grpcAddress(stack.output()), certificates.of('client/billing'));
  reports = backEnd(grpcAddress(stack.output()), certificates.of('client/reports'));
  routes = routesOf(await readDescription(stack.api));

  const [ada, grace, admin] = await Promise.all([
    stack.api.signUp(),
    stack.api.signUp(),
    stack.api.signUp('root@example.com'),
  ]);
  expect((await stack.cli('admin', 'promote', 'root@example.com')).code).toBe(0);
  const tokenOf = async (api: Api, scopes: readonly string[]) => {
    const { body } = await api.expect(201, 'POST', '/api/auth/tokens', { json: { name: scopes.join(), scopes } });
    return { authorization: `Bearer ${body.token}` };
  };
  await until('the role to be known', async () => (await admin.call('GET', '/api/admin/users')).status === 200);
  const actAs = await tokenOf(admin, [...SCOPES, 'act-as']);

  victims = [
    await makeVictim((await ada.expect(200, 'GET', '/api/auth/me')).body.id, (...request) => ada.call(...request), ada),
    await makeVictim('tenant-1', (method, path, options = {}) =>
      call(method, path, { ...options, headers: { ...options.headers, ...actAs, 'holdfast-owner': 'tenant-1' } }),
    ),
  ];
  const bearer = (api: Api) => ({ authorization: `Bearer ${api.token}` });
  const session = await call('POST', '/api/auth/sessions', {
    json: { email: 'root@example.com', password: 'correct horse battery staple' },
  });
  const cookie = cookieOf(session);
  actors = [
    { name: 'nobody', headers: {} },
    { name: 'a user', headers: bearer(grace) },
    { name: 'an altered token', headers: { authorization: `Bearer ${grace.token?.slice(0, -2)}AA` } },
    ...(await Promise.all(SCOPES.map(async (scope) => ({ name: scope, headers: await tokenOf(grace, [scope]) })))),
    { name: 'a user who says to be another', headers: { ...bearer(grace), 'holdfast-owner': 'tenant-1' } },
    { name: 'a back end for another owner', headers: { ...actAs, 'holdfast-owner': 'tenant-2' } },
    { name: 'a back end for itself', headers: actAs },
    { name: 'an admin', headers: bearer(admin), isAdmin: true },
    { name: 'an admin in a browser', headers: { cookie }, isAdmin: true },
    { name: 'a token for admin', headers: await tokenOf(admin, ['admin']), isAdmin: true },
  ];
});

afterAll(async () => {
  billing?.close();
  reports?.close();
  await stack?.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function makeVictim(owner: string, api: Victim['api'], account?: Api): Promise<Victim> {
  const expecting = async (status: number, ...request: Parameters<Victim['api']>) => {
    const answer = await api(...request);
    expect(answer.status, answer.bytes.toString()).toBe(status);
    return answer.body;
  };
  const upload = async (name: string, body: string | Uint8Array, type = 'application/octet-stream') => {
    const headers = { 'content-type': type, 'idempotency-key': name };
    const query = new URLSearchParams({ name: `${SECRET} ${name}`, folder: SECRET });
    return (await expecting(202, 'POST', `/api/files?${query}`, { body, headers })).files[0].id;
  };
  const file = await upload('photo.webp', await fixture('photo.webp'));
  await expecting(200, 'PATCH', `/api/files/${file}`, { json: { metadata: { tag: SECRET } } });
  const trashed = await upload('trashed.txt', SECRET, 'text/plain');
  await expecting(204, 'DELETE', `/api/files/${trashed}`);
  const begun = { name: `${SECRET} pending`, size: 5, contentType: 'text/plain' };
  const pending = (await expecting(201, 'POST', '/api/uploads', { json: begun })).file.id;
  const jobs = await until('the jobs to end', async () => {
    const { items } = await expecting(200, 'GET', `/api/jobs?fileId=${file}`);
    return items.length > 0 && items.every(({ status }: { status: string }) => status === 'succeeded') && items;
  });
  const ids = { file, trashed, pending, job: jobs[0].id };
  if (!account) return { owner, api, ids, account };
  const token = (await expecting(201, 'POST', '/api/auth/tokens', { json: { name: 'of ada', scopes: ['jobs'] } }))
    .apiToken.id;
  const session = (await expecting(200, 'GET', '/api/auth/sessions')).items[0].id;
  return { owner, api, ids, account: { session, token, user: owner } };
}

/** All that the owner sees. */
async function snapshot({ api, ids, account }: Victim): Promise<unknown> {
  const paths = [
    '/api/files?limit=200',
    '/api/files?trash=true',
    '/api/jobs?limit=200',
    '/api/usage',
    `/api/files/${ids.file}`,
    `/api/files/${ids.file}/content`,
    `/api/uploads/${ids.pending}`,
    ...(account ? ['/api/auth/me', '/api/auth/tokens'] : []),
  ];
  const answers = await Promise.all(paths.map((path) => api('GET', path)));
  return answers.map(({ status, bytes, body }) => [
    status,
    body === undefined ? bytes.toString('base64') : withoutUse(body),
  ]);
}

/** Looking changes when something was last used, and URLs that are signed anew. */
const withoutUse = (body: unknown): unknown =>
  JSON.parse(
    JSON.stringify(body, (key, value) => (/^(lastUsedAt|url|parts|upload|expiresAt)$/.test(key) ? null : value)),
  );

/** What a parameter of a path may stand for. One that is new has to be added here. */
function subjectsOf(victim: Victim, { path }: Route, parameter: string): readonly string[] {
  const { ids, account } = victim;
  if (parameter === 'variant') return ['thumbnail'];
  if (parameter === 'token' || parameter === 'provider') return ['x', ids.file];
  if (parameter === 'fileId') return [ids.pending, ids.file];
  if (parameter !== 'id') throw new Error(`Say what {${parameter}} of ${path} may stand for.`);
  if (/^\/api(\/admin)?\/jobs/.test(path)) return [ids.job];
  if (/^\/(api\/files|public)\//.test(path)) return [ids.file, ids.trashed, ids.pending];
  // What is not about files is somebody's account, or an owner.
  return Object.values(account ?? { owner: victim.owner });
}

const nameOf = ({ method, path }: Route) => `${method} ${path}`;

/** What ends whoever asks: it would leave nobody to ask with. */
const ENDS_ONESELF = /^(POST \/api\/auth\/(logout|password)|DELETE \/api\/auth\/sessions)$/;

/** What admins do to others is theirs to do. */
const mayAsk = ({ isAdmin }: Actor, route: Route) =>
  !ENDS_ONESELF.test(nameOf(route)) && !(isAdmin && route.path.startsWith('/api/admin/') && route.method !== 'GET');

function bodyOf(route: Route, choice: number): CallOptions {
  const content = route.operation.requestBody?.content;
  if (!content) return {};
  const [type] = Object.keys(content) as [string];
  if ('application/json' in content) {
    const examples = mediaExamples(content['application/json'] ?? {});
    return { json: examples[choice % Math.max(1, examples.length)] ?? {} };
  }
  if (type.startsWith('multipart/'))
    return { body: 'x', headers: { 'content-type': 'text/plain', 'idempotency-key': 'photo.webp' } };
  return { body: 'x', headers: { 'content-type': type.includes('*') ? 'text/plain' : type } };
}

/** `ids`: whether they are secret too. */
function expectNoSecret(answer: Answer, ids: readonly string[], sent: string, who: string): void {
  const told = `${JSON.stringify(answer.headers)} ${answer.bytes.toString('latin1')}`;
  const secrets = [SECRET, ...ids].filter((secret) => !sent.includes(secret));
  expect(
    secrets.filter((secret) => told.includes(secret)),
    who,
  ).toEqual([]);
}

const withoutIds = (text: unknown) => String(text).replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '…');

describe('over HTTP, by every route', () => {
  test('nobody sees, changes or learns of what belongs to another', async () => {
    const step = fc.record({ actor: fc.nat(99), route: fc.nat(999), subject: fc.nat(9), choice: fc.nat(9) });
    await fc.assert(
      fc.asyncProperty(fc.nat(1), fc.array(step, { minLength: 5, maxLength: 40 }), async (which, steps) => {
        const victim = victims[which] as Victim;
        const before = await snapshot(victim);
        for (const { actor, route, subject, choice } of steps) {
          const who = actors[actor % actors.length] as Actor;
          const what = routes[route % routes.length] as Route;
          if (mayAsk(who, what)) await ask(who, what, victim, subject, choice);
        }
        expect(await snapshot(victim)).toEqual(before);
      }),
      { numRuns: 25 },
    );
  });

  test('not by a single one of them, whoever asks', async () => {
    for (const victim of victims) {
      const before = await snapshot(victim);
      for (const route of routes.filter(({ path }) => path.includes('{'))) {
        for (const actor of actors) if (mayAsk(actor, route)) await ask(actor, route, victim, 0, 0);
      }
      expect(await snapshot(victim)).toEqual(before);
    }
  });

  async function ask(actor: Actor, route: Route, victim: Victim, subject: number, choice: number): Promise<void> {
    let isAboutVictim = false;
    const path = route.path.replace(/\{(\w+)\}/g, (_, parameter: string) => {
      const all = subjectsOf(victim, route, parameter);
      isAboutVictim ||= parameter === 'id' || parameter === 'fileId';
      return encodeURIComponent(all[subject % all.length] as string);
    });
    const options = bodyOf(route, choice);
    const headers = { ...options.headers, ...actor.headers };
    const answer = await call(route.method, path, { ...options, headers });
    const who = `${actor.name}: ${route.method} ${path} → ${answer.status}`;
    expect(answer.status, `${who} ${answer.bytes}`).not.toBe(500);
    const administers = actor.isAdmin && route.path.startsWith('/api/admin/');
    // Admins see that there is a file, in the audit trail and by its jobs, and nothing of what is in it.
    expectNoSecret(answer, administers ? [] : Object.values(victim.ids), path, who);
    if (!isAboutVictim || administers) return;
    expect(answer.status, who).toBeGreaterThanOrEqual(400);
    // In the very words in which nothing is refused.
    const none = await call(route.method, path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|tenant-1/, NOTHING), {
      ...options,
      headers,
    });
    expect([none.status, none.body?.code, withoutIds(none.body?.detail)], who).toEqual([
      answer.status,
      answer.body?.code,
      withoutIds(answer.body?.detail),
    ]);
  }
});

describe('over gRPC, by every method', () => {
  /** What a request may hold, by the names of its fields. */
  const requestFor = ({ ids, owner }: Victim, ownerId: string) => ({
    ownerId,
    fileId: ids.file,
    jobId: ids.job,
    userId: owner,
    uploadId: ids.pending,
    processor: 'thumbnail',
    from: 1,
    count: 1,
    files: [{ name: 'x', size: 1, metadata: {} }],
    filter: { ownerId: owner },
  });

  const encoded = (type: MethodDefinition['requestType'], request: object): Uint8Array =>
    type.encode((type as unknown as { fromPartial(partial: object): unknown }).fromPartial(request)).finish();

  const ask = async (client: BackEnd, path: string, bytes: Uint8Array): Promise<Buffer | number> => {
    try {
      return (await client.send(path, Buffer.from(bytes))) ?? Buffer.alloc(0);
    } catch (error) {
      return (error as { code: number }).code;
    }
  };

  test('a back end that acts for one owner meets nothing of another', async () => {
    for (const victim of victims) {
      const before = await snapshot(victim);
      for (const [, { name, requestType, responseType }, path] of methodsOf(FileServiceDefinition)) {
        for (const client of [billing, reports]) {
          const owner = 'tenant-2';
          const answer = await ask(client, path, encoded(requestType, requestFor(victim, owner)));
          if (typeof answer === 'number') {
            expect([Status.NOT_FOUND, Status.PERMISSION_DENIED], name).toContain(answer);
          } else {
            const told = JSON.stringify(responseType.decode(answer));
            for (const secret of [SECRET, ...Object.values(victim.ids)]) expect(told, name).not.toContain(secret);
          }
        }
      }
      expect(await snapshot(victim)).toEqual(before);
    }
  });

  test('nothing but what its row says', async () => {
    const victim = victims[0] as Victim;
    const before = await snapshot(victim);
    for (const definition of ALL_CONTRACTS.filter((each) => each.fullName !== FileServiceDefinition.fullName)) {
      for (const [, { name, requestType }, path] of methodsOf(definition)) {
        const owner = victim.owner;
        const answer = await ask(billing, path, encoded(requestType, requestFor(victim, owner)));
        expect([Status.PERMISSION_DENIED, Status.UNIMPLEMENTED], `${definition.fullName}/${name}`).toContain(answer);
      }
    }
    expect(methodsOf(FileAdminServiceDefinition).length).toBeGreaterThan(0);
    expect(await snapshot(victim)).toEqual(before);
  });
});
