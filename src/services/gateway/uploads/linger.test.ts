import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from './testing.ts';

let server: TestGateway;
beforeAll(async () => {
  server = await startTestGateway();
});
afterAll(() => server.close());

/** A connection on which requests are written by hand. */
function open() {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  let seen = '';
  socket.on('data', (chunk) => {
    seen += chunk;
  });
  return {
    socket,
    /** What has come back when it holds the text. */
    async until(text: string): Promise<string> {
      while (!seen.includes(text)) await once(socket, 'data');
      return seen;
    },
  };
}
const head = (length: number, path = '/api/files?name=a', token = 'ada') =>
  `POST ${path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${length}\r\n\r\n`;

describe('an answer that comes before the body has ended', () => {
  test('leaves the connection open where little is missing', async () => {
    const { socket, until } = open();
    socket.write(`${head(11, '/api/files')}hello`);
    expect(await until('invalid_request')).toMatch(/^HTTP\/1\.1 400 .*connection: keep-alive/is);
    socket.write(` world${head(5)}hello`);
    expect(await until('"files":[{')).toContain('HTTP/1.1 202');
    socket.destroy();
  });

  test('goes out at once, and the connection ends when the body has', async () => {
    const size = 3 * 1024 * 1024;
    const { socket, until } = open();
    socket.write(head(size, '/api/files'));
    const answer = await until('requestId');
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*connection: close/is);
    expect(answer.split('\r\n\r\n')[1]?.length).toBe(Number(/content-length: (\d+)/i.exec(answer)?.[1]));
    // All of it can still be sent: it is not answered with a reset.
    const ended = once(socket, 'end');
    await new Promise((written) => socket.write(Buffer.alloc(size), written));
    await ended;
    socket.destroy();
  });

  test('does not wait for a client that falls silent', async () => {
    const { socket, until } = open();
    socket.write(head(3 * 1024 * 1024, '/api/files'));
    await until('requestId');
    await once(socket, 'end');
    socket.destroy();
  });
});
