import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect as connectPlain, type Socket } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ANONYMOUS, type CallContext, derived, serviceContext } from '../../base/context.ts';
import { type HoldfastError, hasCode } from '../../base/errors.ts';
import type { FileServiceDefinition } from '../../contract/holdfast/v1/file.ts';
import { FileServiceDefinition as Files } from '../../contract/holdfast/v1/file.ts';
import { StorageServiceDefinition as Storage } from '../../contract/holdfast/v1/storage.ts';
import { ACCESS, accessWith } from '../access.ts';
import type { Service, ServiceDefinition } from '../contract.ts';
import { otherAuthority } from '../testing/certificates.ts';
import { listeningLog } from '../testing/log.ts';
import { TestMesh } from '../testing/mesh.ts';
import { secureOptions } from '../tls/credentials.ts';

const HOUR = 3_600_000;
let mesh: TestMesh;
let port: number;
const { log, lines } = listeningLog();
const context = serviceContext('test', log, 'request-1');
const asUser: CallContext = derived(context, { principal: { kind: 'user', ownerId: 'alice' } });

/** What reached the service. */
const seen: { readonly request: unknown; readonly principal: CallContext['principal'] }[] = [];
/** Answers everything. */
const open = <D extends ServiceDefinition>(definition: D): Service<D> =>
  Object.fromEntries(
    Object.keys(definition.methods).map((key) => [
      key,
      async (request: unknown, { principal }: CallContext) => {
        seen.push({ request, principal });
        return {};
      },
    ]),
  ) as Service<D>;

beforeAll(async () => {
  mesh = await TestMesh.open();
  const access = accessWith([
    { name: 'billing', may: 'all' },
    { name: 'reports', may: 'read' },
  ]);
  ({ port } = await mesh.serve('files', Files, open(Files), { log, access }));
});
afterAll(() => mesh.close());
beforeEach(() => {
  seen.length = 0;
  lines.length = 0;
});

const filesAs = async (
  name: string,
  forwardsPrincipals = name === 'gateway',
): Promise<Service<FileServiceDefinition>> =>
  (await mesh.connect(name, 'files', [port], { forwardsPrincipals })).client(Files);
const refused = async (call: Promise<unknown>): Promise<HoldfastError> => {
  const error = await call.then(
    () => undefined,
    (error) => error,
  );
  expect(error).toBeDefined();
  expect(seen).toEqual([]);
  return error;
};
const getFile = { ownerId: 'alice', fileId: 'x' };

const closed = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

describe('who may not connect', () => {
  let port: number;
  beforeEach(async () => {
    ({ port } = await mesh.serve('files', Files, open(Files), { log }));
  });

  /** Why the handshake failed, for the client, or the bytes that came. */
  const handshake = async (options: ConnectionOptions): Promise<void> => {
    const socket: TLSSocket = connect({
      host: '127.0.0.1',
      port,
      servername: 'localhost',
      ALPNProtocols: ['h2'],
      ...options,
    });
    socket.on('error', () => {});
    socket.once('secureConnect', () => socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'));
    await closed(socket);
  };
  const trusted = async () => ({ ca: (await mesh.of('gateway')).current.ca });

  /** With a certificate that our own code would not even load. */
  const withCertificate = async (options: Parameters<TestMesh['certificates']['write']>[2]) => {
    await mesh.certificates.write('stranger', ['gateway'], options);
    const [cert, key] = await Promise.all(
      ['pem', 'key'].map((kind) => readFile(`${mesh.certificates.folder}/stranger.${kind}`, 'utf8')),
    );
    return { ...(await trusted()), cert, key };
  };

  test.each<[string, string, () => Promise<ConnectionOptions>]>([
    ['nobody', 'no certificate was shown', trusted],
    ['one of another CA', 'the certificate is of another CA', () => withCertificate({ ca: otherAuthority() })],
    [
      'one of another CA of the same name',
      'the certificate is of another CA',
      () => withCertificate({ ca: otherAuthority('test') }),
    ],
    ['one that has expired', 'the certificate has expired', () => withCertificate({ from: -2 * HOUR, to: -HOUR })],
    [
      'one that is not valid yet',
      'the certificate is not valid yet',
      () => withCertificate({ from: HOUR, to: 2 * HOUR }),
    ],
    [
      'whoever speaks TLS 1.2',
      'TLS 1.3 is required',
      async () => ({
        ...secureOptions((await mesh.of('gateway')).current),
        minVersion: 'TLSv1.2',
        maxVersion: 'TLSv1.2',
      }),
    ],
  ])('%s', async (_, reason, options) => {
    await handshake(await options());
    await expect.poll(() => lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ level: 40, msg: 'a connection was refused', reason });
    expect(lines[0]?.address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(seen).toEqual([]);
  });

  test('whoever speaks no TLS', async () => {
    const socket = connectPlain(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    await closed(socket);
    await expect.poll(() => lines.map(({ reason }) => reason)).toEqual(['it does not speak TLS']);
  });

  test('who is refused again and again is told of once', async () => {
    for (let times = 0; times < 5; times++) await handshake(await trusted());
    await expect.poll(() => lines).toHaveLength(1);
  });

  test('a probe of the port is nothing to tell of', async () => {
    const socket = connectPlain(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    await closed(socket);
    // By then the server has heard of it.
    await handshake(await trusted());
    await expect.poll(() => lines.map(({ reason }) => reason)).toEqual(['no certificate was shown']);
  });
});

describe('who may not call', () => {
  test('a service without the method in its row, nor a certificate without a row', async () => {
    for (const name of ['processor', 'client/unknown', 'ingest']) {
      const error = await refused((await filesAs(name)).getFile({ ownerId: '', fileId: 'x' }, context));
      // It is a fault of ours, and whoever asked us is not told more.
      expect(error.code).toBe('internal');
      expect(String(error.cause)).toContain(`${name} may not call /holdfast.v1.FileService/GetFile.`);
      expect(lines.at(-1)).toMatchObject({
        level: 40,
        msg: 'a call was refused',
        code: 'forbidden',
        caller: [name],
        method: '/holdfast.v1.FileService/GetFile',
      });
    }
  });

  test('a certificate of our CA that names nobody', async () => {
    await mesh.nameless();
    const error = await refused((await filesAs('nameless')).getFile(getFile, context));
    expect(String(error.cause)).toContain('the certificate names nobody of ours');
    expect(lines.at(-1)).toMatchObject({ code: 'unauthenticated', caller: [] });
  });

  test('anybody but the gateway on behalf of a user', async () => {
    for (const principal of [asUser.principal, ANONYMOUS]) {
      const files = await filesAs('client/billing', true);
      const error = await refused(files.getFile(getFile, derived(context, { principal })));
      expect(String(error.cause)).toContain('client/billing may not call on behalf of a user.');
      expect(lines.at(-1)).toMatchObject({ code: 'forbidden', caller: ['client/billing'] });
    }
  });

  test('one who may only read, what changes something', async () => {
    const files = await filesAs('client/reports');
    await files.getFile(getFile, context);
    expect(seen.splice(0)).toHaveLength(1);
    await refused(files.deleteFile({ ...getFile, permanent: false }, context));
  });

  test('one whose row allows no owner, for an owner', async () => {
    const access = { ...ACCESS, janitor: { calls: ACCESS.gateway?.calls ?? [] } };
    const { port } = await mesh.serve('files', Files, open(Files), { log, access });
    const files = (await mesh.connect('janitor', 'files', [port])).client(Files);
    const error = await refused(files.getFile(getFile, context));
    expect(String(error.cause)).toContain('janitor may not act for an owner.');
    await files.getFile({ ownerId: '', fileId: 'x' }, context);
    expect(seen).toHaveLength(1);
  });

  test('whoever is called under the name of another, on the side of the caller', async () => {
    const { port: storagePort } = await mesh.serve('storage', Storage, open(Storage), { log });
    const files = (await mesh.connect('gateway', 'files', [storagePort])).client(Files);
    const error = await refused(files.getFile(getFile, asUser));
    expect(error.code).toBe('unavailable');
    expect(String(error.cause)).toContain('the certificate is not for spiffe://holdfast/files');
  });

  test('whoever is called and has a certificate of another CA, on the side of the caller', async () => {
    const elsewhere = await TestMesh.open();
    try {
      const { port: otherPort } = await elsewhere.serve('files', Files, open(Files), { log });
      const files = (await mesh.connect('gateway', 'files', [otherPort])).client(Files);
      expect(hasCode(await refused(files.getFile(getFile, asUser)), 'unavailable')).toBe(true);
    } finally {
      await elsewhere.close();
    }
  });
});

describe('who may call', () => {
  test('the gateway, for users', async () => {
    await (await filesAs('gateway')).getFile(getFile, asUser);
    expect(seen).toEqual([{ request: getFile, principal: { kind: 'user', ownerId: 'alice' } }]);
  });

  test('another back end, as itself, for an owner that it names', async () => {
    // What it says of its principal does not go along.
    await (await filesAs('client/billing')).getFile(getFile, asUser);
    expect(seen).toEqual([{ request: getFile, principal: { kind: 'service', name: 'client/billing' } }]);
    expect(lines).toMatchObject([
      {
        msg: 'call',
        caller: 'client/billing',
        owner_id: 'alice',
        method: '/holdfast.v1.FileService/GetFile',
        code: 'ok',
      },
    ]);
  });

  test('a process of several services, as the one that may', async () => {
    await mesh.certificates.write('both', ['processor', 'client/billing']);
    mesh.add('both', await mesh.certificates.open('both'));
    await (await filesAs('both')).getFile(getFile, context);
    expect(seen).toEqual([{ request: getFile, principal: { kind: 'service', name: 'client/billing' } }]);
  });
});
