import { afterEach, beforeEach, expect, test } from 'vitest';
import { serviceContext } from '../../base/context.ts';
import { EchoDefinition, echo } from '../conformance/echo.ts';
import { listeningLog } from '../testing/log.ts';
import { everybody, TestMesh } from '../testing/mesh.ts';

const access = everybody(EchoDefinition, { gateway: {} });
const { log } = listeningLog();
const context = serviceContext('gateway', log, 'request-1');
let mesh: TestMesh;

beforeEach(async () => {
  mesh = await TestMesh.open();
});
afterEach(() => mesh.close());

test('calls under way end, and nobody new comes in', async () => {
  const { promise: go, resolve: let_go } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { server, port } = await mesh.serve(
    'files',
    EchoDefinition,
    echo(async () => {
      begin();
      await go;
      return { done: true };
    }),
    { access },
  );
  const client = (await mesh.connect('gateway', 'files', [port])).client(EchoDefinition);
  const call = client.change({}, context);
  await begun;
  let stopped = false;
  const stopping = server.stop(10_000).then(() => {
    stopped = true;
  });
  await expect.poll(() => client.change({}, context).catch(({ code }) => code)).toBe('unavailable');
  expect(stopped).toBe(false);
  let_go();
  expect(await call).toEqual({ done: true });
  await stopping;
  await server.stop();
});

test('what does not end in time is answered, and told to stop', async () => {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  let reason: unknown;
  const { server, port } = await mesh.serve(
    'files',
    EchoDefinition,
    echo((_, { signal }) => {
      begin();
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason.name;
          reject(signal.reason);
        });
      });
    }),
    { access },
  );
  const client = (await mesh.connect('gateway', 'files', [port])).client(EchoDefinition);
  const call = client.change({}, context).catch((error) => error);
  await begun;
  await server.stop(20);
  expect(await call).toMatchObject({ code: 'unavailable' });
  expect(reason).toBe('AbortError');
});

test('a server that nobody calls stops at once', async () => {
  const { server, port } = await mesh.serve(
    'files',
    EchoDefinition,
    echo(async () => ({})),
    { access },
  );
  const client = (await mesh.connect('gateway', 'files', [port])).client(EchoDefinition);
  await client.change({}, context);
  // Longer than a test may take.
  await server.stop(600_000);
});

test('one of two stops amid calls that may not be repeated, and none of them fails', async () => {
  const service = echo(async (request) => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    return request;
  });
  const first = await mesh.serve('files', EchoDefinition, service, { access });
  const second = await mesh.serve('files', EchoDefinition, service, { access });
  const client = (await mesh.connect('gateway', 'files', [first.port, second.port])).client(EchoDefinition);
  let done = 0;
  let stop = false;
  const callers = Array.from({ length: 8 }, async () => {
    while (!stop) {
      await client.change({ done }, context);
      done += 1;
    }
  });
  const failed = Promise.race(callers);
  await Promise.race([failed, expect.poll(() => done).toBeGreaterThan(50)]);
  await Promise.race([failed, first.server.stop(5_000)]);
  const before = done;
  await Promise.race([failed, expect.poll(() => done).toBeGreaterThan(before + 50)]);
  stop = true;
  await Promise.all(callers);
});
