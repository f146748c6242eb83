import { Readable } from 'node:stream';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call, open } from '../../../test/harness/http.ts';
import { expectProblem } from '../../../test/harness/problems.ts';
import { HoldfastError } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { createHealthServer } from '../gateway/health-server.ts';
import { startBareGateway } from '../gateway/testing.ts';
import { created, notification, openTestIngest, SECRET, type TestIngest } from './testing.ts';

const BEARER = { authorization: `Bearer ${SECRET}` };
const JSON_TYPE = { 'content-type': 'application/json' };
const MIB = 1024 ** 2;

/** A body that begins and does not go on. */
function endless(): Readable {
  const body = new Readable({ read() {} });
  body.push('{');
  return body;
}

let bed: TestIngest;
beforeEach(async () => {
  bed = await openTestIngest();
});
afterEach(() => bed.close());

const tell = (json: unknown, headers: Record<string, string> = BEARER, query = '') =>
  call('POST', `${bed.url}/ingest/s3${query}`, { json, headers });
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
const arrived = async () => {
  const upload = await bed.begin();
  await bed.put(upload.key);
  return upload;
};

describe('a webhook', () => {
  it('confirms the upload that it tells of, and says so only then', async () => {
    const { fileId, key } = await arrived();
    const answer = await tell(notification(key));
    expect([answer.status, answer.bytes.length]).toEqual([204, 0]);
    expect(await bed.statusOf(fileId)).toBe('FILE_STATUS_UPLOADED');
    expect((await tell(notification(key))).status).toBe(204);
  });

  it.each([
    ['a bearer token', BEARER, ''],
    ['a bearer token in any case', { authorization: `bearer  ${SECRET} ` }, ''],
    ['the password of any user', basic(`minio:${SECRET}`), ''],
    ['the password of nobody', basic(`:${SECRET}`), ''],
    ['the query', {}, `?token=${encodeURIComponent(SECRET)}`],
  ])('takes its secret as %s', async (_, headers, query) => {
    const { fileId, key } = await arrived();
    expect((await tell(notification(key), headers as Record<string, string>, query)).status).toBe(204);
    expect(await bed.statusOf(fileId)).toBe('FILE_STATUS_UPLOADED');
  });

  it.each([
    ['none', {}, ''],
    ['another', { authorization: `Bearer ${SECRET}x` }, ''],
    ['its beginning', { authorization: `Bearer ${SECRET.slice(0, -1)}` }, ''],
    ['an empty one', { authorization: 'Bearer ' }, ''],
    ['one in other words', { authorization: `Token ${SECRET}` }, ''],
    ['a user of its name', basic(`${SECRET}:x`), ''],
    ['a user alone', basic(SECRET), ''],
    ['one that is long', { authorization: `Bearer ${'x'.repeat(10_000)}` }, ''],
    ['a wrong one, though the query has it', { authorization: 'Bearer x' }, `?token=${encodeURIComponent(SECRET)}`],
    ['two', {}, `?token=${encodeURIComponent(SECRET)}&token=x`],
  ])('refuses who has as its secret %s', async (_, headers, query) => {
    const { fileId, key } = await arrived();
    const answer = await tell(notification(key), headers as Record<string, string>, query);
    expectProblem(answer, 401, 'unauthenticated');
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    expect(await bed.statusOf(fileId)).toBe('FILE_STATUS_PENDING');
  });

  it('reads no byte of who does not know the secret', async () => {
    const answer = await open('POST', `${bed.url}/ingest/s3`, {
      body: endless(),
      headers: { ...JSON_TYPE, 'content-length': String(8 * MIB) },
    });
    expect(answer.statusCode).toBe(401);
    answer.destroy();
  });

  it.each(['', 'no JSON', '{"Records":', '[]', '"x"', 'null', '{}', '{"Records":{}}', '\u0000\u0001'])(
    'refuses a body of %j',
    async (body) => {
      const answer = await call('POST', `${bed.url}/ingest/s3`, { body, headers: { ...BEARER, ...JSON_TYPE } });
      expectProblem(answer, 400, 'invalid_request');
    },
  );

  it('refuses a body that is too large, whether it says so or not', async () => {
    const headers = { ...BEARER, ...JSON_TYPE };
    const told = await open('POST', `${bed.url}/ingest/s3`, {
      body: endless(),
      headers: { ...headers, 'content-length': String(16 * MIB + 1) },
    });
    expect(told.statusCode).toBe(413);
    told.destroy();
    const chunk = Buffer.alloc(MIB, ' ');
    const untold = await call('POST', `${bed.url}/ingest/s3`, {
      body: Readable.from(Array.from({ length: 17 }, () => chunk)),
      headers,
    }).catch((error) => error);
    // The connection may be closed before all of it was sent.
    if (!(untold instanceof Error)) expectProblem(untold, 413, 'too_large');
    expect((await tell(notification())).status).toBe(204);
  });

  it('takes what tells of nothing of ours', async () => {
    const others = [
      created(`${newId()}/${newId()}/original.jpg`),
      created('in/x'),
      created('x', 'ObjectRemoved:Delete'),
    ];
    for (const message of [
      { Records: others },
      { Records: [null, 1, {}] },
      { Records: [{ ...created(`in/${newId()}`), s3: { bucket: { name: 'other' }, object: { key: 'x' } } }] },
      { Service: 'Amazon S3', Event: 's3:TestEvent' },
    ]) {
      expect((await tell(message)).status).toBe(204);
    }
    expect(bed.lines).toEqual([]);
  });

  it('takes ten thousand events at a time', async () => {
    const uploads = await Promise.all(Array.from({ length: 20 }, arrived));
    const keys = uploads.map(({ key }) => key);
    const Records = Array.from({ length: 10_000 }, (_, n) =>
      created(n % 2 ? `${newId()}/${newId()}/original.jpg` : (keys[n % keys.length] as string)),
    );
    expect((await tell({ Records })).status).toBe(204);
    for (const { fileId } of uploads.filter((_, n) => n % 2 === 0)) {
      expect(await bed.statusOf(fileId)).toBe('FILE_STATUS_UPLOADED');
    }
  });

  it('refuses more events than it could hold', async () => {
    const Records = Array.from({ length: 20_001 }, () => ({
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: 'files' }, object: { key: `some/prefix/data/in/${newId()}` } },
    }));
    expectProblem(await tell({ Records }), 413, 'too_large');
  });
});

describe('a webhook whose events cannot be settled now', () => {
  const reopen = async (deps: Parameters<typeof openTestIngest>[0]) => {
    await bed.close();
    bed = await openTestIngest(deps);
  };
  const away = () => new HoldfastError('unavailable', 'Away.');

  it('asks for them again while files is away, and confirms when it is back', async () => {
    let isAway = true;
    await reopen({
      confirm: (real) => async (request, context) => {
        if (isAway) throw away();
        return real(request, context);
      },
    });
    const { fileId, key } = await arrived();
    const answer = await tell(notification(key));
    expectProblem(answer, 503, 'unavailable');
    expect(answer.headers['retry-after']).toBe('5');
    isAway = false;
    await expect.poll(async () => (await tell(notification(key))).status).toBe(204);
    expect(await bed.statusOf(fileId)).toBe('FILE_STATUS_UPLOADED');
    expect(bed.lines.map(({ msg }) => msg)).toContain('uploads cannot be confirmed just now; trying again');
    expect(bed.lines.filter(({ level }) => level === 40).length).toBeLessThanOrEqual(2);
  });

  it('asks for them again where they take long, and goes on with what was begun', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    let calls = 0;
    await reopen({
      confirm: (real) => async (request, context) => {
        calls += 1;
        await released;
        return real(request, context);
      },
    });
    const { fileId, key } = await arrived();
    expectProblem(await tell(notification(key)), 503, 'unavailable');
    const again = tell(notification(key));
    release();
    expect((await again).status).toBe(204);
    expect([await bed.statusOf(fileId), calls]).toEqual(['FILE_STATUS_UPLOADED', 1]);
  });

  it('asks files no faster than it answers, in a flood of them', async () => {
    let running = 0;
    let most = 0;
    let calls = 0;
    await reopen({
      confirm: () => async () => {
        calls += 1;
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 1));
        running -= 1;
        return { outcome: 'ARRIVAL_OUTCOME_CONFIRMED' };
      },
    });
    const keys = Array.from({ length: 500 }, () => `in/${newId()}`);
    const answers = await Promise.all([...keys, ...keys].map((key) => tell(notification(key))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204]));
    expect(most).toBeLessThanOrEqual(8);
    expect(calls).toBeGreaterThanOrEqual(keys.length);
  });

  it('takes no more than it can hold at a time', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    await reopen({
      confirm: () => async () => {
        await released;
        return { outcome: 'ARRIVAL_OUTCOME_CONFIRMED' };
      },
    });
    const many = () => notification(...Array.from({ length: 15_000 }, () => `in/${newId()}`));
    const first = tell(many());
    expectProblem(await tell(many()), 503, 'unavailable');
    expectProblem(await first, 503, 'unavailable');
    release();
    await bed.ingest.start().then((running) => running.stop());
  });
});

it('is served by the gateway as by any other server', async () => {
  const { webhook } = bed.ingest;
  if (!webhook) throw new Error('There is no webhook.');
  const gateway = await startBareGateway({ route: (app) => webhook(app as never) });
  const { fileId, key } = await arrived();
  const send = (headers: Record<string, string>, json: unknown = notification(key)) =>
    gateway.call('POST', '/ingest/s3', { json, headers });
  expectProblem(await send({}), 401, 'unauthenticated');
  expectProblem(await send(BEARER, 7), 400, 'invalid_request');
  const answer = await send({ ...BEARER, 'x-request-id': 'told-by-the-store' });
  expect([answer.status, answer.headers['x-request-id']]).toEqual([204, 'told-by-the-store']);
  expect(await bed.statusOf(fileId)).toBe('FILE_STATUS_UPLOADED');
  const { paths } = (await gateway.call('GET', '/openapi.json')).body;
  expect(paths['/ingest/s3'].post).toMatchObject({ tags: ['ingest'], responses: { 204: {} } });
  await gateway.close();
});

it('is served by a process without the gateway, beside its health', async () => {
  const { webhook } = bed.ingest;
  if (!webhook) throw new Error('There is no webhook.');
  const settings = { host: '127.0.0.1', port: 0, version: '1.2.3' };
  const server = createHealthServer({ settings, probes: {}, log: pino({ level: 'silent' }) });
  server.app.register(webhook);
  const { url } = await server.listen();
  const { fileId, key } = await arrived();
  const Records = [created(key), ...Array.from({ length: 100 }, () => created(`${newId()}/${newId()}/original.jpg`))];
  const send = (headers: Record<string, string>) => call('POST', `${url}/ingest/s3`, { json: { Records }, headers });
  expectProblem(await send({}), 401, 'unauthenticated');
  expect((await send(BEARER)).status).toBe(204);
  expect(await bed.statusOf(fileId)).toBe('FILE_STATUS_UPLOADED');
  const metrics = (await call('GET', `${url}/metrics`)).bytes.toString();
  expect(metrics).toMatch(/^ingest_arrivals_total\{outcome="confirmed"[^}]*\} [1-9]/m);
  expect(metrics).toMatch(/^ingest_arrivals_total\{outcome="ignored"[^}]*\} [1-9]\d\d/m);
  await server.stop();
});
