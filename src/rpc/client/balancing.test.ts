import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseAddresses } from '../../base/address.ts';
import { serviceContext, withTimeout } from '../../base/context.ts';
import { EchoDefinition, type EchoService, echo } from '../conformance/echo.ts';
import { listeningLog } from '../testing/log.ts';
import { everybody, TestMesh, type TestServer } from '../testing/mesh.ts';
import { connectTo } from './index.ts';

const access = everybody(EchoDefinition, { gateway: {} });
const { log, lines } = listeningLog();
const context = serviceContext('gateway', log, 'request-1');
let mesh: TestMesh;

beforeEach(async () => {
  lines.length = 0;
  mesh = await TestMesh.open();
});
afterEach(() => mesh.close());

/** A server that answers with its name. */
const serve = (name: string, port = 0): Promise<TestServer> =>
  mesh.serve(
    'files',
    EchoDefinition,
    echo(async () => ({ name })),
    { access, port },
  );

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

const whoAnswers = async (client: EchoService, times: number): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (let call = 0; call < times; call++) {
    const name = String((await client.ask({}, context)).name);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
};

describe('several instances', () => {
  test('are called in turn; one that is gone is left out, and taken back when it is there again', async () => {
    const servers = await Promise.all(['one', 'two', 'three'].map((name) => serve(name)));
    const ports = servers.map(({ port }) => port);
    const client = (await mesh.connect('gateway', 'files', ports)).client(EchoDefinition);
    await expect.poll(() => whoAnswers(client, 3)).toEqual({ one: 1, two: 1, three: 1 });
    expect(await whoAnswers(client, 30)).toEqual({ one: 10, two: 10, three: 10 });

    // As after kill -9: connections are cut.
    await servers[1]?.server.stop(0);
    expect(await whoAnswers(client, 30)).toEqual({ one: expect.any(Number), three: expect.any(Number) });
    expect(await whoAnswers(client, 30)).toEqual({ one: 15, three: 15 });

    await serve('two', ports[1]);
    await expect.poll(() => whoAnswers(client, 3)).toEqual({ one: 1, two: 1, three: 1 });
  });

  test('one that was never there does not matter', async () => {
    const { port } = await serve('one');
    const client = (await mesh.connect('gateway', 'files', [await freePort(), port])).client(EchoDefinition);
    expect(await whoAnswers(client, 10)).toEqual({ one: 10 });
  });

  test('one that takes connections and says nothing does not matter', async () => {
    const mute: Server = createServer().listen(0, '127.0.0.1');
    await once(mute, 'listening');
    try {
      const { port } = await serve('one');
      const addresses = [(mute.address() as { port: number }).port, port];
      const client = (await mesh.connect('gateway', 'files', addresses)).client(EchoDefinition);
      expect(await whoAnswers(client, 10)).toEqual({ one: 10 });
    } finally {
      mute.close();
    }
  });

  test('a name stands for all addresses that DNS knows of it, and one that DNS does not know for none', async () => {
    const { port } = await serve('one');
    const remote = connectTo({
      service: 'files',
      addresses: [
        { host: 'localhost', port },
        { host: 'there-is-no-such-host.invalid', port },
      ],
      certificates: await mesh.of('gateway'),
      log,
    });
    try {
      expect(await whoAnswers(remote.client(EchoDefinition), 10)).toEqual({ one: 10 });
    } finally {
      remote.close();
    }
  });
});

describe('nobody there', () => {
  test.each([
    ['no server', async () => [{ host: '127.0.0.1', port: await freePort() }]],
    ['no such host', async () => [{ host: 'there-is-no-such-host.invalid', port: 9001 }]],
  ])('%s: unavailable, at once, and said once', async (_, addresses) => {
    const remote = connectTo({
      service: 'files',
      addresses: await addresses(),
      certificates: await mesh.of('gateway'),
      log,
    });
    try {
      const client = remote.client(EchoDefinition);
      for (let times = 0; times < 3; times++) {
        // The deadline is one that would fail the test.
        await expect(client.ask({}, withTimeout(context, 600_000))).rejects.toMatchObject({
          code: 'unavailable',
          detail: 'A part of the server is not available just now. Try again in a moment.',
        });
      }
      expect(lines.map(({ level, msg, target }) => [level, msg, target])).toEqual([
        [40, 'the service cannot be reached', 'files'],
      ]);
    } finally {
      remote.close();
    }
  });

  test('whoever comes is found', async () => {
    const port = await freePort();
    const client = (await mesh.connect('gateway', 'files', [port], { log })).client(EchoDefinition);
    await expect(client.ask({}, context)).rejects.toMatchObject({ code: 'unavailable' });
    await serve('one', port);
    await expect.poll(() => client.ask({}, context).catch(() => {})).toEqual({ name: 'one' });
    expect(lines.map(({ msg }) => msg)).toEqual(['the service cannot be reached', 'the service can be reached again']);
  });

  test('a frozen one is given up within seconds, and its calls with it', async () => {
    // Takes bytes and passes them on, until it is frozen.
    const { port } = await serve('one');
    const sockets: Socket[] = [];
    const proxy = createServer((socket) => {
      const behind = createConnection(port, '127.0.0.1');
      socket.pipe(behind).pipe(socket);
      for (const each of [socket, behind]) each.on('error', () => {});
      sockets.push(socket, behind);
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    try {
      const proxied = (proxy.address() as { port: number }).port;
      const client = (await mesh.connect('gateway', 'files', [proxied])).client(EchoDefinition);
      expect(await client.ask({}, context)).toEqual({ name: 'one' });
      for (const socket of sockets) socket.unpipe().pause();
      await expect(client.change({}, withTimeout(context, 25_000))).rejects.toMatchObject({ code: 'unavailable' });
    } finally {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    }
  });
});

test.each([
  ['files:9001', [{ host: 'files', port: 9001 }]],
  ['files', [{ host: 'files', port: 9001 }]],
  ['grpcs://files:1/', [{ host: 'files', port: 1 }]],
  [
    'a.b:1, 10.0.0.1:2,[::1]:3',
    [
      { host: 'a.b', port: 1 },
      { host: '10.0.0.1', port: 2 },
      { host: '::1', port: 3 },
    ],
  ],
  ['', undefined],
  ['files:', undefined],
  ['files:0', undefined],
  ['files:65536', undefined],
  ['http://files:1', undefined],
  ['a:1,,b:2', undefined],
  ['a b:1', undefined],
  ['files:1/path', undefined],
])('%j is %j', (text, addresses) => expect(parseAddresses(text)).toEqual(addresses));
