import { connect as connectHttp2 } from 'node:http2';
import { createSecureContext } from 'node:tls';
import { ChannelCredentials, Client, Metadata, type ServiceError, status as Status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { serviceContext } from '../../base/context.ts';
import { FileServiceDefinition as Files, GetFileRequest } from '../../contract/holdfast/v1/file.ts';
import { EchoDefinition, type EchoService, echo } from '../conformance/echo.ts';
import { MESSAGE_LIMIT } from '../limits.ts';
import { decodeDetails } from '../status/details.ts';
import { listeningLog } from '../testing/log.ts';
import { everybody, TestMesh } from '../testing/mesh.ts';
import { secureOptions } from '../tls/credentials.ts';

const access = {
  ...everybody(EchoDefinition, { gateway: { forwardsPrincipals: true, actsForOwners: true } }),
};
const { log, lines } = listeningLog();
const context = serviceContext('test', log, 'request-1');
let mesh: TestMesh;
let port: number;
let client: Client;
let made = 0;
let behave: EchoService['ask'];

beforeEach(async () => {
  lines.length = 0;
  made = 0;
  behave = async () => ({ made });
  mesh = await TestMesh.open();
  const service = echo((request, context) => {
    made += 1;
    return behave(request, context);
  });
  ({ port } = await mesh.serve('files', EchoDefinition, service, { log, access, concurrency: 10 }));
  client = await clientOf(port);
});
afterEach(async () => {
  client.close();
  await mesh.close();
});

const clientOf = async (port: number): Promise<Client> => {
  const { current } = await mesh.of('gateway');
  const credentials = ChannelCredentials.createFromSecureContext(createSecureContext(secureOptions(current)));
  return new Client(`localhost:${port}`, credentials, {
    'grpc.max_send_message_length': -1,
    'grpc.use_local_subchannel_pool': 1,
  });
};

const asBytes = (bytes: Buffer) => bytes;
/** Sends bytes as they are. */
const send = (bytes: Buffer, path = '/holdfast.test.EchoService/Ask', to = client, metadata = new Metadata()) =>
  new Promise<Buffer | undefined>((resolve, reject) => {
    to.makeUnaryRequest(path, asBytes, asBytes, bytes, metadata, (error, answer) =>
      error ? reject(error) : resolve(answer),
    );
  });
const failed = async (call: Promise<unknown>) => {
  const error: ServiceError = await call.then(
    () => expect.unreachable(),
    (error) => error,
  );
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  return { code: error.code, details: error.details, ...(bytes && { more: decodeDetails(bytes as Buffer) }) };
};
const stillServes = async () => {
  behave = async () => ({ made });
  expect(String(await send(Buffer.alloc(0)))).toContain('made');
};

test.each([
  ['no protobuf', Buffer.from('not protobuf at all')],
  ['a message cut off', Buffer.from([0x0a, 0x20, 0x01])],
  ['a group that does not end', Buffer.from([0x0b])],
  ['a length of 4 GB', Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f])],
  ['messages in messages in messages', nested(10_000)],
])('%s is refused, and nothing is made of it', async (_, bytes) => {
  expect(await failed(send(bytes))).toMatchObject({
    code: Status.INVALID_ARGUMENT,
    details: 'The request is no message of this method.',
    more: { reason: 'INVALID_REQUEST' },
  });
  expect(made).toBe(0);
  await stillServes();
});

/** Struct → Value → Struct → … */
function nested(depth: number): Buffer {
  let bytes = Buffer.alloc(0);
  const wrap = (tag: number, content: Buffer) => {
    const length: number[] = [];
    for (let rest = content.length; ; rest = rest >>> 7) {
      length.push(rest > 127 ? (rest & 127) | 128 : rest);
      if (rest <= 127) break;
    }
    return Buffer.concat([Buffer.from([tag, ...length]), content]);
  };
  for (let level = 0; level < depth; level++) bytes = wrap(0x0a, wrap(0x12, wrap(0x2a, bytes)));
  return bytes;
}

describe('a field that cannot be read', () => {
  let other: Client;
  beforeEach(async () => {
    const never = async () => {
      made += 1;
      return {};
    };
    const files = { listFiles: never, generateUploadURLs: never, requestVariant: never };
    const { port } = await mesh.serve('files', Files, files as never, { log });
    other = await clientOf(port);
  });
  afterEach(() => other.close());

  const violations = async (method: string, bytes: Buffer) => {
    const { code, more } = await failed(send(bytes, `/holdfast.v1.FileService/${method}`, other));
    expect(code).toBe(Status.INVALID_ARGUMENT);
    expect(made).toBe(0);
    return more?.fields;
  };
  /** A message in field `number`. */
  const inField = (number: number, content: Buffer) =>
    Buffer.concat([Buffer.from([number * 8 + 2, content.length]), content]);

  test('as an enum value that is not known, is named', async () => {
    expect(await violations('ListFiles', Buffer.from([0x30, 99]))).toEqual([
      { path: 'status', message: '99 is no value of holdfast.v1.FileStatus.' },
    ]);
    // files[1].visibility
    const files = Buffer.concat([inField(2, Buffer.alloc(0)), inField(2, Buffer.from([0x38, 77]))]);
    expect(await violations('GenerateUploadURLs', files)).toEqual([
      { path: 'files[1].visibility', message: '77 is no value of holdfast.v1.Visibility.' },
    ]);
  });

  test('as a number that is too large, is named', async () => {
    // files[0].size = 2^62
    const size = Buffer.from([0x20, ...Array(8).fill(0x80), 0x40]);
    expect(await violations('GenerateUploadURLs', inField(2, size))).toMatchObject([{ path: 'files[0].size' }]);
  });

  test('as a text that is no UTF-8, is not taken for another', async () => {
    // owner_id
    expect(await violations('ListFiles', inField(1, Buffer.from([0xff])))).toEqual([]);
  });
});

test('100 MB are refused by their length, and the connection goes on', async () => {
  expect(await failed(send(Buffer.alloc(100 * 1024 ** 2)))).toMatchObject({
    code: Status.RESOURCE_EXHAUSTED,
    details: expect.stringContaining(`larger than max (104857600 vs ${MESSAGE_LIMIT})`),
  });
  expect(made).toBe(0);
  await stillServes();
});

test('an answer that is too large is an error that says so', async () => {
  behave = async () => ({ text: 'x'.repeat(MESSAGE_LIMIT) });
  expect(await failed(send(Buffer.alloc(0)))).toMatchObject({
    more: { reason: 'TOO_LARGE' },
    details: expect.stringContaining('Ask for less at a time.'),
  });
});

test.each([['/holdfast.test.EchoService/Nothing'], ['/holdfast.v1.FileService/GetFile'], ['/'], ['/../../etc/passwd']])(
  '%s is no method here',
  async (path) => {
    expect(
      await failed(send(Buffer.from(GetFileRequest.encode({ ownerId: '', fileId: '' }).finish()), path)),
    ).toMatchObject({ code: Status.UNIMPLEMENTED });
    await stillServes();
  },
);

test('a client of ours, of a newer version, hears that a method is not known', async () => {
  const remote = await mesh.connect('gateway', 'files', [port]);
  await expect(remote.client(Files).getFile({ ownerId: '', fileId: 'x' }, context)).rejects.toMatchObject({
    code: 'unimplemented',
  });
});

describe('metadata', () => {
  test.each([
    ['a principal that is none', 'holdfast-principal', 'root'],
    ['a principal that cannot be decoded', 'holdfast-principal', 'user:%ff'],
    ['a user without a name', 'holdfast-principal', 'user:'],
  ])('%s is refused', async (_, key, value) => {
    const metadata = new Metadata();
    metadata.set(key, value);
    expect(await failed(send(Buffer.alloc(0), undefined, client, metadata))).toMatchObject({
      code: Status.INVALID_ARGUMENT,
    });
    expect(made).toBe(0);
  });

  test('what could not stand in a log is replaced', async () => {
    let seen: { requestId: string; trace?: unknown } | undefined;
    behave = async (_, { requestId, trace }) => {
      seen = { requestId, ...(trace !== undefined && { trace }) };
      return {};
    };
    const metadata = new Metadata();
    metadata.set('x-request-id', 'a b {"level":60}');
    metadata.set('traceparent', '00-nonsense');
    await send(Buffer.alloc(0), undefined, client, metadata);
    expect(seen).toEqual({ requestId: expect.stringMatching(/^[\da-f-]{36}$/) });
  });
});

test('what is no gRPC is answered, and the server goes on', async () => {
  const { current } = await mesh.of('gateway');
  const session = connectHttp2(`https://localhost:${port}`, secureOptions(current));
  const status = await new Promise((resolve, reject) => {
    session.on('error', reject);
    const stream = session.request({ ':path': '/', ':method': 'GET' });
    stream.on('response', (headers) => resolve(headers[':status']));
    stream.resume();
  });
  session.destroy();
  expect(status).toBe(415);
  await stillServes();
});

describe('a flood', () => {
  test('over the limit is refused at once, with when to come back', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    behave = async () => {
      await gate;
      return {};
    };
    const outcomes = Promise.allSettled(Array.from({ length: 100 }, () => send(Buffer.alloc(0))));
    await expect.poll(() => made).toBe(10);
    const error = await failed(send(Buffer.alloc(0)));
    expect(error).toMatchObject({
      code: Status.UNAVAILABLE,
      more: { reason: 'UNAVAILABLE', domain: 'rpc.holdfast', retryAfter: 1 },
    });
    open();
    const states = (await outcomes).map(({ status }) => status);
    expect(states.filter((status) => status === 'fulfilled')).toHaveLength(10);
    await stillServes();
    // Told of once, not 91 times.
    expect(lines.filter(({ msg }) => msg === 'a call was refused')).toHaveLength(1);
  });

  test('of calls that are given up at once does not get more done at a time', async () => {
    let atOnce = 0;
    let most = 0;
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    behave = async () => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await gate;
      atOnce -= 1;
      return {};
    };
    const remote = await mesh.connect('gateway', 'files', [port]);
    const { change } = remote.client(EchoDefinition);
    for (let round = 0; round < 5; round++) {
      const caller = new AbortController();
      const calls = Array.from({ length: 10 }, () => change({}, { ...context, signal: caller.signal }));
      const ended = Promise.allSettled(calls);
      if (round === 0) await expect.poll(() => made).toBe(10);
      else await expect.poll(() => lines.length).toBeGreaterThan(0);
      caller.abort();
      await ended;
    }
    open();
    await expect.poll(() => atOnce).toBe(0);
    expect(most).toBe(10);
    await stillServes();
  });
});
