import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sendRaw } from '../../../test/harness/http.ts';
import { expectProblem } from '../../../test/harness/problems.ts';
import { until } from '../../../test/harness/until.ts';
import { HoldfastError } from '../../base/errors.ts';
import { type BareGateway, startBareGateway } from './testing.ts';

let server: BareGateway;
beforeAll(async () => {
  server = await startBareGateway({
    route: (app) => {
      const schema = { hide: true };
      app.get('/test/crash', { config: { access: 'anyone' }, schema }, async () => {
        throw new Error('SELECT secret FROM /var/lib/holdfast.db');
      });
      app.get('/test/down', { config: { access: 'anyone' }, schema }, async () => {
        throw new HoldfastError('unavailable', 'It is down.', { cause: new Error('the line is cut') });
      });
      app.post('/test/echo', { config: { access: 'anyone' }, schema }, async ({ body }) => ({ body }));
      app.get('/test/whose', { config: { scope: 'any' }, schema }, async ({ call }) => call.principal);
      app.get(
        '/test/maybe',
        { config: { access: 'optional', scope: 'any' }, schema },
        async ({ call }) => call.principal,
      );
    },
  });
});
afterAll(() => server.close());

const post = (path: string, body: string, type = 'application/json') =>
  server.call('POST', path, { body, headers: { 'content-type': type } });

describe('a request that cannot be served', () => {
  it('for a URL that there is not', async () => {
    expectProblem(await server.call('GET', '/nothing'), 404, 'not_found');
    expectProblem(await server.call('POST', '/api/nothing', { json: {} }), 404, 'not_found');
    expectProblem(await server.call('GET', `/api/files/${'x'.repeat(5000)}`), 404, 'not_found');
  });

  it('for what is down, with a time to ask again', async () => {
    const answer = await server.call('GET', '/test/down');
    expectProblem(answer, 503, 'unavailable');
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('with a line in the log for what is down, and a stack for what is a defect', async () => {
    const [down, crash] = [await server.call('GET', '/test/down'), await server.call('GET', '/test/crash')];
    const lineOf = ({ headers }: typeof down) =>
      server.lines.find(({ request_id, code }) => code !== undefined && request_id === headers['x-request-id']);
    const said = { level: 40, code: 'unavailable', reason: 'the line is cut', msg: 'It is down.' };
    expect(lineOf(down)).toMatchObject(said);
    expect(JSON.stringify(lineOf(down))).not.toContain('stack');
    expect(lineOf(crash)).toMatchObject({ level: 50, err: { stack: expect.stringContaining('at ') } });
  });

  it('for a method that its URL does not have', async () => {
    const answer = await server.call('DELETE', '/healthz');
    expectProblem(answer, 405, 'method_not_allowed');
    expect(answer.headers.allow).toBe('GET, HEAD');
    const withBody = await server.call('PUT', '/api/auth/login', { json: {} });
    expectProblem(withBody, 405, 'method_not_allowed');
    expect(withBody.headers.allow).toBe('POST');
  });

  it('with a body that is no JSON', async () => {
    expectProblem(await post('/test/echo', '{"a":'), 400, 'invalid_request');
    expectProblem(await post('/test/echo', '{"__proto__":{"a":1}}'), 400, 'invalid_request');
    expectProblem(await post('/test/echo', '{"constructor":{"prototype":{}}}'), 400, 'invalid_request');
  });

  it('with a body of another type', async () => {
    expectProblem(await post('/test/echo', 'a=1', 'application/x-www-form-urlencoded'), 415, 'unsupported_media_type');
    expectProblem(await post('/test/echo', 'a', 'text/plain'), 415, 'unsupported_media_type');
    expectProblem(await post('/test/echo', 'a', 'no type'), 415, 'unsupported_media_type');
  });

  it('with a body that is too large', async () => {
    expectProblem(await post('/test/echo', JSON.stringify('x'.repeat(2 ** 20))), 413, 'too_large');
  });

  it('with a body that trickles in', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
      socket.write(
        'POST /test/echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
      );
      await until('the body to be awaited', () => vi.getTimerCount() > 0);
      vi.advanceTimersByTime(31_000);
      const [answer] = await once(socket, 'data');
      expect(String(answer)).toMatch(/^HTTP\/1.1 408 /);
      expect(String(answer)).toContain('"request_timeout"');
      socket.destroy();
    } finally {
      vi.useRealTimers();
    }
  });

  it('with a URL that is encoded wrongly', async () => {
    expectProblem(await server.call('GET', '/api/files/%E0%A4%A'), 400, 'invalid_request');
    expectProblem(await server.call('GET', '/api/files/%zz'), 400, 'invalid_request');
  });

  it('that breaks something here, without a word of it', async () => {
    const answer = await server.call('GET', '/test/crash');
    expectProblem(answer, 500, 'internal');
    expect(answer.bytes.toString()).not.toContain('secret');
    const id = answer.headers['x-request-id'];
    await until('the error to be logged', () =>
      server.lines.some((line) => line.request_id === id && JSON.stringify(line).includes('SELECT secret')),
    );
  });
});

describe('what is no HTTP request', () => {
  const problemOf = async (...chunks: string[]) => {
    const [head = '', body = ''] = (await sendRaw(server.url, chunks)).split('\r\n\r\n');
    expect(head).toContain('Content-Type: application/problem+json');
    expect(head).toContain('Connection: close');
    return JSON.parse(body);
  };

  it('is answered with a problem', async () => {
    expect(await problemOf('nonsense\r\n\r\n')).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(await problemOf('GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n')).toMatchObject({ status: 400 });
  });

  it('with headers that are too large too', async () => {
    const problem = await problemOf(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(problem).toMatchObject({ status: 431, code: 'headers_too_large' });
  });

  it('with two lengths too', async () => {
    const request = 'POST /test/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}';
    expect(await problemOf(request)).toMatchObject({ status: 400, code: 'invalid_request' });
  });
});

describe('an empty JSON body', () => {
  it('counts as none', async () => {
    expect((await post('/test/echo', '')).body).toEqual({});
  });
});

describe('a request id', () => {
  it('is made for each request, and stands in the answer, the problem and the log', async () => {
    const [one, other] = [await server.call('GET', '/healthz'), await server.call('GET', '/nothing')];
    const id = other.headers['x-request-id'];
    expect(one.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(id).not.toBe(one.headers['x-request-id']);
    expect(other.body.requestId).toBe(id);
    await until('the line', () => server.lines.some((line) => line.request_id === id && line.status === 404));
  });

  it.each(['abc', '01HV:trace/7+x=@_-.'])('of the caller (%s) is kept', async (id) => {
    expect((await server.call('GET', '/healthz', { headers: { 'x-request-id': id } })).headers['x-request-id']).toBe(
      id,
    );
  });

  it.each(['', 'a b', 'a"b', '\u00e9', 'x'.repeat(129), '{"a":1}'])(
    'of the caller (%s) that is odd is not',
    async (id) => {
      const { headers } = await server.call('GET', '/healthz', { headers: { 'x-request-id': id } });
      expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    },
  );
});

describe('who is asking', () => {
  const get = (path: string, authorization?: string) =>
    server.call('GET', path, authorization === undefined ? {} : { headers: { authorization } });

  it('is the user of the access token', async () => {
    expect((await get('/test/whose', 'Bearer ada')).body).toEqual({ kind: 'user', ownerId: 'ada' });
    expect((await get('/test/whose', 'bearer  ada')).body).toEqual({ kind: 'user', ownerId: 'ada' });
    expect((await get('/test/maybe', 'Bearer ada')).body).toEqual({ kind: 'user', ownerId: 'ada' });
  });

  it('is nobody without one, where that is allowed', async () => {
    expect((await get('/test/maybe')).body).toEqual({ kind: 'anonymous' });
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Basic YTpi',
    'Bearer a b',
    'Bearer é',
    `Bearer ${'x'.repeat(9000)}`,
    'Bearer expired',
  ])('is refused with "%s"', async (authorization) => {
    const answer = await get('/test/whose', authorization);
    expectProblem(answer, 401, 'unauthenticated');
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
  });

  it('is refused with a bad token also where none is needed', async () => {
    expectProblem(await get('/test/maybe', 'Bearer expired'), 401, 'unauthenticated');
  });

  it('is asked before the body is read', async () => {
    const head =
      'POST /api/files/x/variants HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\nConnection: close\r\n\r\n';
    expect(await sendRaw(server.url, [head])).toMatch(/^HTTP\/1\.1 401 /);
  });
});

describe('the log', () => {
  it('has a line for each request, with its route and not its URL', async () => {
    const id = 'the-line';
    await server.call('GET', '/public/0198c5f1-6b7e-7cc3-98c4-dc0c0c07398f?download=secret', {
      headers: { 'x-request-id': id, authorization: 'Bearer ada' },
    });
    await until('the line', () => server.lines.some((line) => line.request_id === id && line.msg === 'request'));
    const line = server.lines.find((line) => line.request_id === id && line.msg === 'request');
    expect(line).toMatchObject({ method: 'GET', route: '/public/:id', duration: expect.any(Number) });
    expect(JSON.stringify(server.lines)).not.toContain('secret"');
  });
});

describe('HEAD and OPTIONS', () => {
  it('are there where GET is', async () => {
    const got = await server.call('GET', '/healthz');
    const head = await server.call('HEAD', '/healthz');
    expect(head.status).toBe(200);
    expect(head.headers['content-length']).toBe(String(got.bytes.length));
    expect(head.bytes).toHaveLength(0);
    const options = await server.call('OPTIONS', '/healthz');
    expect({ status: options.status, allow: options.headers.allow }).toEqual({
      status: 204,
      allow: 'GET, HEAD, OPTIONS',
    });
  });
});

describe('the documentation', () => {
  it('loads nothing from elsewhere', async () => {
    const page = await server.call('GET', '/docs');
    expect(page.status).toBe(200);
    const loaded = [...page.bytes.toString().matchAll(/(?:src|href)="([^"]+)"/g)].map(([, at]) => at as string);
    expect(loaded.length).toBeGreaterThan(2);
    for (const at of loaded) {
      expect(at).toMatch(/^\/docs\//);
      expect((await server.call('GET', at)).status).toBe(200);
    }
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
  });
});

describe('/metrics', () => {
  it('counts requests by route and status, and bytes', async () => {
    await server.call('GET', '/healthz');
    const { bytes, headers } = await server.call('GET', '/metrics');
    const text = bytes.toString();
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toMatch(/^http_server_request_duration_seconds_count\{.*http_route="\/healthz".*\} [1-9]/m);
    expect(text).toMatch(/^http_server_received_bytes_total [1-9]/m);
    expect(text).toMatch(/^http_server_sent_bytes_total [1-9]/m);
    expect(text).toMatch(/^process_memory_usage_bytes [1-9]/m);
    expect(text).not.toContain('/public/0198');
  });
});
