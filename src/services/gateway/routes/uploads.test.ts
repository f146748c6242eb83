import { afterAll, beforeAll, expect, test } from 'vitest';
import { sendRaw } from '../../../../test/harness/http.ts';
import { expectProblem } from '../../../../test/harness/problems.ts';
import { startTestGateway, type TestGateway } from '../uploads/testing.ts';

let server: TestGateway;
beforeAll(async () => {
  server = await startTestGateway({ trustProxy: ['127.0.0.1'] });
});
afterAll(() => server.close());

const begin = async (headers: Record<string, string> = {}) => {
  const answer = await server.call('POST', '/api/uploads', { json: { name: 'a.txt', size: 3 }, headers });
  expect(answer.status).toBe(201);
  return answer.body as { file: { id: string }; confirmUrl: string };
};
const originOf = async (headers?: Record<string, string>) => (await begin(headers)).confirmUrl.split('/api/')[0];

test('the URL that confirms leads to us, whatever the client calls us', async () => {
  expect(await originOf()).toBe(server.url);
  expect(await originOf({ host: 'evil.example' })).toBe(server.url);
  expect(await originOf({ host: 'evil.example/x?y=' })).toBe(server.url);
});

test('the URL that confirms leads to the proxy that is trusted', async () => {
  const forwarded = { 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': 'https' };
  expect(await originOf({ ...forwarded, 'x-forwarded-host': 'files.example.com' })).toBe('https://files.example.com');
  expect(await originOf({ ...forwarded, host: 'files.example.com:8443' })).toBe('https://files.example.com:8443');
  expect(await originOf({ ...forwarded, 'x-forwarded-host': 'a.example/b' })).toBe(server.url);
});

test('who may not confirm hears so before the body has come', async () => {
  const { file, confirmUrl } = await begin();
  const ask = async (query: string) => {
    const head = ['content-type: application/json', 'content-length: 1000000', 'host: x', 'connection: close'];
    const request = `POST /api/uploads/${file.id}/confirm${query} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n{`;
    return sendRaw(server.url, [request]);
  };
  expect(await ask('?token=stolen')).toMatch(/^HTTP\/1.1 403 .*signature_invalid/s);
  expect(await ask('?token=a&token=b')).toMatch(/^HTTP\/1.1 403 /);
  expect(await ask('')).toMatch(/^HTTP\/1.1 401 /);
  expectProblem(await server.call('POST', confirmUrl, { json: {} }), 409, 'upload_not_complete');
});
