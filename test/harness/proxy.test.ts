import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openProxy, type TcpProxy } from './proxy.ts';
import { until } from './until.ts';

let server: Server;
let proxy: TcpProxy;
const peers = new Set<Socket>();

beforeEach(async () => {
  // Says back what it hears.
  server = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await openProxy(`redis://:word@127.0.0.1:${(server.address() as { port: number }).port}/0?prefix=a`);
});

afterEach(async () => {
  for (const socket of peers) socket.destroy();
  await proxy.stop();
  server.close();
});

async function open() {
  const socket = connect(proxy.port, '127.0.0.1');
  peers.add(socket);
  let heard = '';
  let error: NodeJS.ErrnoException | undefined;
  socket.on('data', (data) => {
    heard += data;
  });
  socket.on('error', (each) => {
    error = each;
  });
  await once(socket, 'connect');
  return { socket, heard: () => heard, error: () => error };
}

it('leads a URL through itself', () => {
  expect(proxy.url).toBe(`redis://:word@127.0.0.1:${proxy.port}/0?prefix=a`);
});

it('passes bytes both ways, and the end', async () => {
  const peer = await open();
  peer.socket.end('hello');
  await once(peer.socket, 'close');
  expect(peer.heard()).toBe('hello');
  await until('both sides to be gone', () => proxy.connections() === 0);
});

it('leads the endpoint of an S3 URL through itself', async () => {
  const other = await openProxy('s3://key:secret@bucket/in?endpoint=http%3A%2F%2F127.0.0.1%3A9000&region=r');
  const url = new URL(other.url);
  expect(url.searchParams.get('endpoint')).toBe(`http://127.0.0.1:${other.port}`);
  expect(`${url.username}@${url.host}${url.pathname}`).toBe('key@bucket/in');
  await other.stop();
});

it('drops what stands, refuses what comes, and passes again', async () => {
  const peer = await open();
  await proxy.drop();
  await until('the connection to be closed', () => peer.socket.closed);
  await expect(open()).rejects.toThrow(/ECONNREFUSED/);
  await proxy.pass();
  const later = await open();
  later.socket.write('x');
  await until('an answer', () => later.heard() === 'x');
});

it('resets what stands, and passes what comes', async () => {
  const peer = await open();
  peer.socket.write('x');
  await until('an answer', () => peer.heard() === 'x');
  proxy.reset();
  await until('the reset', () => peer.error()?.code === 'ECONNRESET');
  await open();
});

it('freezes bytes and lets them go in order', async () => {
  const peer = await open();
  proxy.freeze();
  peer.socket.write('one ');
  const late = await open();
  late.socket.write('late');
  await new Promise((later) => setTimeout(later, 60));
  expect([peer.heard(), late.heard()]).toEqual(['', '']);
  peer.socket.write('two');
  await proxy.pass();
  await until('all of it', () => peer.heard() === 'one two' && late.heard() === 'late');
});

it('delays bytes', async () => {
  const peer = await open();
  proxy.delay(40);
  const sent = performance.now();
  peer.socket.write('x');
  await until('the answer', () => peer.heard() === 'x', { every: 2 });
  expect(performance.now() - sent).toBeGreaterThan(75);
});
