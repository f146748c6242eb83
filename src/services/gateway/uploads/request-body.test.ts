import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../../../test/harness/until.ts';
import { readHead } from './bytes.ts';
import { RequestBody } from './request-body.ts';

const MIB = 1024 * 1024;
const server = createServer();
let socket: Socket;

beforeEach(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  socket.destroy();
  server.closeAllConnections();
  return new Promise((closed) => server.close(closed));
});

/** The server's end of a request with this head; its body is written to `socket`. */
async function open(headers: string): Promise<IncomingMessage> {
  socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {});
  const arrived = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>;
  socket.write(`POST / HTTP/1.1\r\nHost: h\r\n${headers}\r\n\r\n`);
  return (await arrived)[0];
}

const all = async (body: RequestBody) => (await readHead(body, Number.POSITIVE_INFINITY)).bytes.toString();

describe('the body of a request', () => {
  test.each([
    ['Content-Length: 5', 'hello', 5, 'hello'],
    ['Content-Length: 0', '', 0, ''],
    ['Transfer-Encoding: chunked', '3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n', undefined, 'hello'],
    ['X-None: of both', '', 0, ''],
  ])('with %s is read to its end, and ends ever after', async (headers, sent, declared, expected) => {
    const body = new RequestBody(await open(headers));
    socket.write(sent);
    expect(body.declaredSize).toBe(declared);
    expect(await all(body)).toBe(expected);
    expect(body.received).toBe(expected.length);
    expect(await body.next()).toBeUndefined();
  });

  test('stays with its sender while nobody asks for it', async () => {
    const request = await open(`Content-Length: ${20 * MIB}`);
    const body = new RequestBody(request);
    socket.write(Buffer.alloc(20 * MIB));
    await until('the sender to have to wait', () => request.isPaused());
    const { received } = body;
    expect(received).toBeLessThan(MIB);
    // What arrived with the last chunk may still come; no more than that.
    await pause(50);
    expect(body.received).toBeLessThanOrEqual(received + 64 * 1024);
    expect((await all(body)).length).toBe(20 * MIB);
  });

  test('is read by one at a time', async () => {
    const body = new RequestBody(await open('Content-Length: 5'));
    const next = body.next();
    await expect(body.next()).rejects.toThrow(/somebody else/);
    socket.write('hello');
    expect((await next)?.toString()).toBe('hello');
  });

  test('that breaks off says so, then and ever after', async () => {
    const body = new RequestBody(await open('Content-Length: 10'));
    socket.write('hello');
    expect((await body.next())?.toString()).toBe('hello');
    const next = body.next();
    socket.resetAndDestroy();
    await expect(next).rejects.toMatchObject({ code: 'incomplete_body' });
    await expect(body.next()).rejects.toMatchObject({ code: 'incomplete_body' });
  });

  test('that broke off before anybody looked says so too', async () => {
    const request = await open('Content-Length: 10');
    request.on('error', () => {});
    socket.resetAndDestroy();
    await new Promise((closed) => request.once('close', closed));
    await expect(new RequestBody(request).next()).rejects.toMatchObject({ code: 'incomplete_body' });
  });

  test('is not waited for without end, but only as long as we wait', async () => {
    const body = new RequestBody(await open('Content-Length: 10'), 500);
    const come = async (text: string) => {
      const { received } = body;
      socket.write(text);
      await until('it to come', () => body.received === received + text.length);
      expect((await body.next())?.toString()).toBe(text);
    };
    await come('hello');
    // A pause of our own is not the sender's.
    await pause(700);
    await come('abc');
    await expect(body.next()).rejects.toMatchObject({ code: 'request_timeout' });
  });
});
