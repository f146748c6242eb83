import { afterAll, expect, test } from 'vitest';
import { serve } from '../../../test/harness/local-server.ts';
import { fetchJson, fetchWhole } from './fetch.ts';

const server = await serve((request, response) => {
  const [, what] = (request.url ?? '').split('/');
  if (what === 'json') response.end('{"a":1}');
  else if (what === 'text') response.end('hello');
  else if (what === 'null') response.end('null');
  else if (what === 'moved') response.writeHead(302, { location: '/json' }).end();
  else if (what === 'endless') {
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536)));
    };
    response.on('drain', more);
    more();
  } else if (what === 'silent') request.resume();
  else response.writeHead(500).end('{}');
});
afterAll(() => server.stop());

test('reads an object, and nothing else', async () => {
  expect(await fetchJson(`${server.url}/json`)).toEqual({ a: 1 });
  const why = (path: string) => fetchJson(`${server.url}/${path}`).catch(({ name, message }) => `${name}: ${message}`);
  expect(await why('text')).toBe('NoAnswer: what it answered is no JSON');
  expect(await why('null')).toBe('NoAnswer: what it answered is no JSON');
  expect(await why('broken')).toBe('NoAnswer: it answered 500');
  expect(await why('moved')).toBe('NoAnswer: it answered 302');
});

test('reads no answer without end', async () => {
  await expect(fetchWhole(`${server.url}/endless`)).rejects.toMatchObject({
    name: 'NoAnswer',
    message: 'its answer has no end',
  });
});

test('waits for nobody who does not answer', { timeout: 15_000 }, async () => {
  await expect(fetchWhole(`${server.url}/silent`)).rejects.toMatchObject({
    name: 'NoAnswer',
    message: 'there was no answer within 5 s',
  });
});

test('stops with whoever asked', async () => {
  const asked = new AbortController();
  const answer = fetchWhole(`${server.url}/silent`, { signal: asked.signal });
  asked.abort(new Error('gone'));
  await expect(answer).rejects.toThrow('gone');
});

test('says why there is no answer', async () => {
  await expect(fetchWhole('http://127.0.0.1:1/')).rejects.toMatchObject({
    name: 'NoAnswer',
    message: expect.stringMatching(/ECONNREFUSED|bad port/),
  });
});
