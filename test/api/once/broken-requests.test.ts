import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { sendRaw } from '../../harness/http.ts';
import { expectProblem } from '../../harness/problems.ts';
import { useSharedStack } from '../../harness/stack.ts';

const stack = useSharedStack();
const send = (...chunks: string[]) => sendRaw(stack.api.url(), chunks);

afterEach(async () => {
  expect((await stack.api.call('GET', '/healthz')).status).toBe(200);
});

describe('a request that is none', () => {
  test.each<[string, string, RegExp]>([
    ['of no HTTP', 'hello\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', /^HTTP\/1\.1 400 /],
    ['without Host', 'GET /healthz HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['of endless headers', `GET /healthz HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ['of a header on two lines', 'GET /healthz HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n', /^HTTP\/1\.1 400 /],
    [
      'of a chunk that is none',
      'POST /api/auth/login HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
      /^HTTP\/1\.1 4\d\d /,
    ],
  ])('%s is refused', async (_, request, answer) => {
    expect(await send(request)).toMatch(answer);
  });

  test('answers a problem, too', async () => {
    const [head, body] = (await send('hello\r\n\r\n')).split('\r\n\r\n') as [string, string];
    expect(head).toMatch(/content-type: application\/problem\+json/i);
    expect(JSON.parse(body)).toMatchObject({ status: 400, code: 'invalid_request' });
  });
});

describe('a URL', () => {
  test.each(['/nowhere', '/api/nothing', '/api/files/a/b/c', '//', '/api//files', '/../etc/passwd', '/public'])(
    '%s that there is not is not found',
    async (path) => {
      expectProblem(await stack.api.call('GET', path), 404, 'not_found');
    },
  );

  test('with a percent sign that encodes nothing is refused', async () => {
    for (const path of ['/api/files/%zz', '/public/%']) {
      expectProblem(await stack.api.call('GET', path), 400, 'invalid_request');
    }
  });

  test('that has another method says which', async () => {
    const answer = await stack.api.call('PUT', '/api/files', { body: 'x' });
    expectProblem(answer, 405, 'method_not_allowed');
    expect(answer.headers.allow).toMatch(/GET.*POST/);
  });
});

test('a NUL in the place of an id is nothing that broke', async () => {
  const api = await stack.api.signUp();
  for (const path of ['sessions', 'tokens', 'oauth/accounts']) {
    const { status } = await api.call('DELETE', `/api/auth/${path}/%00`);
    expect([400, 404], path).toContain(status);
  }
});

describe('a JSON body', () => {
  test('that is too large is refused', async () => {
    const json = { email: 'a@example.com', password: 'x'.repeat(2_000_000) };
    expectProblem(await stack.api.call('POST', '/api/auth/login', { json }), 413, 'too_large');
  });

  test('that is no UTF-8 is refused: two passwords would be taken for one', async () => {
    const body = Buffer.from('{"email":"ada@example.com","password":"tidal lamp \xff frost"}', 'latin1');
    const headers = { 'content-type': 'application/json' };
    expectProblem(await stack.api.call('POST', '/api/auth/signup', { body, headers }), 400, 'invalid_request');
  });

  test('that is nested deeply, or compressed, does no harm', async () => {
    const headers = { 'content-type': 'application/json' };
    const nested = await stack.api.call('POST', '/api/auth/login', { body: '['.repeat(16_000), headers });
    expectProblem(nested, 400, 'invalid_request');
    const packed = await stack.api.call('POST', '/api/auth/login', {
      body: '{}',
      headers: { ...headers, 'content-encoding': 'gzip' },
    });
    expect(packed.status).toBeGreaterThanOrEqual(400);
    expect(packed.status).toBeLessThan(500);
  });
});

test('connections that say nothing keep nobody else out', async () => {
  const { hostname, port } = new URL(stack.api.url());
  const idle = Array.from({ length: 200 }, () => connect(Number(port), hostname).on('error', () => {}));
  try {
    expect((await stack.api.call('GET', '/healthz')).status).toBe(200);
  } finally {
    for (const socket of idle) socket.destroy();
  }
});
