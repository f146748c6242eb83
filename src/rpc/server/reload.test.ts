import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { serviceContext } from '../../base/context.ts';
import { EchoDefinition, echo } from '../conformance/echo.ts';
import { listeningLog } from '../testing/log.ts';
import { everybody, TestMesh } from '../testing/mesh.ts';
import { secureOptions } from '../tls/credentials.ts';

const access = everybody(EchoDefinition, { gateway: {}, janitor: {} });
const { log, lines } = listeningLog();
const context = serviceContext('gateway', log, 'request-1');
let mesh: TestMesh;
let port: number;
/** Lets the calls that wait go on. */
let go: () => void;
let waiting = 0;

beforeEach(async () => {
  lines.length = 0;
  waiting = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  go = resolve;
  mesh = await TestMesh.open();
  const service = echo(
    async (request) => request,
    async (request) => {
      waiting += 1;
      await promise;
      return request;
    },
  );
  ({ port } = await mesh.serve('files', EchoDefinition, service, { access, log }));
});
afterEach(() => mesh.close());

const clientAs = async (name: string) => (await mesh.connect(name, 'files', [port])).client(EchoDefinition);

/** The serial number of the certificate that the server shows. */
async function shown(): Promise<string> {
  const { current } = await mesh.of('gateway');
  const socket = connect({
    ...secureOptions(current),
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ALPNProtocols: ['h2'],
  });
  const serial = await new Promise<string>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('secureConnect', () => resolve(socket.getPeerX509Certificate()?.serialNumber as string));
  });
  socket.destroy();
  return serial;
}

test('a new certificate of the server is shown to new connections, and calls under way go on', async () => {
  const client = await clientAs('gateway');
  const call = client.change({ of: 'before' }, context);
  await expect.poll(() => waiting).toBe(1);
  const before = await shown();
  await mesh.certificates.write('files', ['files']);
  await (await mesh.of('files')).reload();
  expect(await shown()).not.toBe(before);
  go();
  expect(await call).toEqual({ of: 'before' });
  expect(await client.ask({ of: 'after' }, context)).toEqual({ of: 'after' });
});

test('a new certificate of the caller is used for new calls, and calls under way go on', async () => {
  const client = await clientAs('gateway');
  const call = client.change({ of: 'before' }, context);
  await expect.poll(() => waiting).toBe(1);
  // It is told by what it may: the janitor may call, the processor may not.
  await mesh.certificates.write('gateway', ['processor']);
  await (await mesh.of('gateway')).reload();
  await expect(client.ask({}, context)).rejects.toMatchObject({ code: 'internal' });
  expect(lines.at(-1)).toMatchObject({ msg: 'a call was refused', caller: ['processor'] });
  await mesh.certificates.write('gateway', ['janitor']);
  await (await mesh.of('gateway')).reload();
  expect(await client.ask({ of: 'after' }, context)).toEqual({ of: 'after' });
  go();
  expect(await call).toEqual({ of: 'before' });
});

test('a call that waits for its connection while certificates change is made all the same', async () => {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  const slow = createServer(async (socket) => {
    await opened;
    const behind = createConnection(port, '127.0.0.1');
    for (const each of [socket, behind]) each.on('error', () => {});
    socket.pipe(behind).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(slow, 'listening');
  try {
    const remote = await mesh.connect('gateway', 'files', [(slow.address() as AddressInfo).port]);
    const call = remote.client(EchoDefinition).change({ of: 'before' }, context);
    await mesh.certificates.write('gateway', ['gateway']);
    await (await mesh.of('gateway')).reload();
    open();
    go();
    expect(await call).toEqual({ of: 'before' });
    remote.close();
  } finally {
    slow.close();
  }
});

test('a new CA: whoever has a certificate of the old one is refused, also on a connection that is there', async () => {
  const old = await clientAs('gateway');
  const call = old.change({ of: 'before' }, context);
  await expect.poll(() => waiting).toBe(1);
  await mesh.certificates.renewAuthority();
  await mesh.certificates.write('files', ['files']);
  await (await mesh.of('files')).reload();
  await expect(old.ask({}, context)).rejects.toMatchObject({ code: 'internal' });
  expect(lines.at(-1)).toMatchObject({
    code: 'unauthenticated',
    reason: 'Refused: the CA of the certificate is not trusted any more.',
    caller: ['gateway'],
  });
  go();
  expect(await call).toEqual({ of: 'before' });

  await mesh.certificates.write('gateway', ['gateway']);
  await (await mesh.of('gateway')).reload();
  expect(await old.ask({ of: 'after' }, context)).toEqual({ of: 'after' });
});

test('two CAs at a time let everybody change over', async () => {
  const client = await clientAs('gateway');
  await client.ask({}, context);
  const former = await readFile(join(mesh.certificates.folder, 'ca.pem'), 'utf8');
  await mesh.certificates.renewAuthority({ trusting: former });
  const [files, gateway] = [await mesh.of('files'), await mesh.of('gateway')];
  await files.reload();
  await gateway.reload();
  expect(files.current.authorities).toHaveLength(2);
  await client.ask({}, context);
  await mesh.certificates.write('files', ['files']);
  await files.reload();
  await client.ask({}, context);
  await mesh.certificates.write('gateway', ['gateway']);
  await gateway.reload();
  expect(await client.ask({ of: 'after' }, context)).toEqual({ of: 'after' });
  expect(lines.filter(({ level }) => Number(level) >= 40)).toEqual([]);
});

test('a certificate that expires while its connection is there is refused from then on', async () => {
  await mesh.certificates.write('janitor', ['janitor'], { to: 1_500 });
  mesh.add('janitor', await mesh.certificates.open('janitor'));
  const client = await clientAs('janitor');
  await client.ask({}, context);
  await expect
    .poll(() =>
      client.ask({}, context).then(
        () => '',
        ({ cause }) => String(cause),
      ),
    )
    .toContain('the certificate has expired');
  expect(lines.at(-1)).toMatchObject({ caller: ['janitor'], code: 'unauthenticated' });
});
