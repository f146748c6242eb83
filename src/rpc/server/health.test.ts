import { createSecureContext } from 'node:tls';
import { ChannelCredentials, Client, type ClientReadableStream, status as Status } from '@grpc/grpc-js';
import { HealthDefinition } from 'nice-grpc-server-health';
import { ServerReflectionService } from 'nice-grpc-server-reflection';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StorageServiceDefinition as Storage } from '../../contract/holdfast/v1/storage.ts';
import { TestMesh, type TestServer } from '../testing/mesh.ts';
import { secureOptions } from '../tls/credentials.ts';

const { check, watch } = HealthDefinition.methods;
const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;
let mesh: TestMesh;
let served: TestServer;
let client: Client;

beforeEach(async () => {
  mesh = await TestMesh.open();
  served = await mesh.serve('storage', Storage, {} as never);
  // A certificate of our CA is enough, whatever its row says.
  const { current } = await mesh.of('client/monitoring');
  client = new Client(
    `localhost:${served.port}`,
    ChannelCredentials.createFromSecureContext(createSecureContext(secureOptions(current))),
    { 'grpc.use_local_subchannel_pool': 1 },
  );
});
afterEach(async () => {
  client.close();
  await mesh.close();
});

const encode = (service: string) => Buffer.from(check.requestType.encode({ service }).finish());
const statusOf = (bytes: Buffer) => check.responseType.decode(bytes).status;
const asBytes = (bytes: Buffer) => bytes;
const ask = (service: string) =>
  new Promise<number | undefined>((resolve, reject) => {
    client.makeUnaryRequest('/grpc.health.v1.Health/Check', asBytes, asBytes, encode(service), (error, answer) =>
      error ? reject(error) : resolve(statusOf(answer as Buffer)),
    );
  });
const follow = (service: string) => {
  const heard: number[] = [];
  const path = `/grpc.health.v1.Health/${watch.name}`;
  const stream: ClientReadableStream<Buffer> = client.makeServerStreamRequest(path, asBytes, asBytes, encode(service));
  stream.on('data', (bytes: Buffer) => heard.push(statusOf(bytes)));
  stream.on('error', () => {});
  const ended = new Promise((resolve) => stream.once('close', resolve));
  return { heard, ended, stream };
};

test('the server, and each contract', async () => {
  expect([await ask(''), await ask(Storage.fullName)]).toEqual([SERVING, SERVING]);
  served.server.setServing(false, Storage.fullName);
  expect([await ask(''), await ask(Storage.fullName)]).toEqual([SERVING, NOT_SERVING]);
  served.server.setServing(true);
  expect(await ask(Storage.fullName)).toBe(SERVING);
  await expect(ask('nothing')).rejects.toMatchObject({ code: Status.NOT_FOUND });
});

test('whoever watches hears of changes, and that the server stops', async () => {
  const storage = follow(Storage.fullName);
  const unknown = follow('nothing');
  await expect.poll(() => [storage.heard, unknown.heard]).toEqual([[SERVING], [SERVICE_UNKNOWN]]);
  served.server.setServing(false, Storage.fullName);
  await expect.poll(() => storage.heard).toEqual([SERVING, NOT_SERVING]);
  served.server.setServing(true, Storage.fullName);
  await expect.poll(() => storage.heard).toEqual([SERVING, NOT_SERVING, SERVING]);
  await served.server.stop();
  await Promise.all([storage.ended, unknown.ended]);
  expect(storage.heard.at(-1)).toBe(NOT_SERVING);
});

test('a probe asks it', async () => {
  const remote = await mesh.connect('files', 'storage', [served.port]);
  const { signal } = new AbortController();
  await remote.probe(signal);
  served.server.setServing(false);
  await expect(remote.probe(signal)).rejects.toMatchObject({ code: 'unavailable' });
  await expect(remote.probe(AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
});

test('a certificate that names nobody is no certificate', async () => {
  await mesh.nameless();
  const remote = await mesh.connect('nameless', 'storage', [served.port]);
  const error = await remote.probe(new AbortController().signal).catch((error) => error);
  expect(String(error.cause)).toContain('the certificate names nobody of ours');
});

test.each(['v1', 'v1alpha'])('reflection (%s) names the contracts, and describes them', async (version) => {
  const { requestSerialize, responseDeserialize } = ServerReflectionService.serverReflectionInfo;
  const { ServerReflectionRequest } = (await import(
    'nice-grpc-server-reflection/lib/proto/grpc/reflection/v1/reflection_pb.js'
  )) as { ServerReflectionRequest: new () => Parameters<typeof requestSerialize>[0] };
  const stream = client.makeBidiStreamRequest(
    `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    requestSerialize,
    responseDeserialize,
  );
  const answers: ReturnType<typeof responseDeserialize>[] = [];
  const ended = new Promise((resolve) => stream.on('end', resolve));
  stream.on('data', (answer) => answers.push(answer));
  const list = new ServerReflectionRequest();
  list.setListServices('*');
  stream.write(list);
  const symbol = new ServerReflectionRequest();
  symbol.setFileContainingSymbol(Storage.fullName);
  stream.write(symbol);
  stream.end();
  await ended;
  expect(
    answers[0]
      ?.getListServicesResponse()
      ?.getServiceList()
      .map((service) => service.getName()),
  ).toEqual([Storage.fullName]);
  const [file] = answers[1]?.getFileDescriptorResponse()?.getFileDescriptorProtoList_asU8() ?? [];
  expect(Buffer.from(file as Uint8Array).toString('latin1')).toContain('SignUpload');
});
