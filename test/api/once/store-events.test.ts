import { afterAll, beforeAll, expect, test } from 'vitest';
import { withQuery } from '../../harness/engines/names.ts';
import { EXCHANGE, makeTopic, tellOfObjects } from '../../harness/engines/s3-topics.ts';
import { describeWithEngines, place } from '../../harness/engines/use.ts';
import { fixture, sha256 } from '../../harness/fixtures.ts';
import { expectProblem } from '../../harness/problems.ts';
import { type Stack, startStack } from '../../harness/stack.ts';
import { until } from '../../harness/until.ts';

const SECRET = 'what the store says to open the webhook';

describeWithEngines(
  ['s3', 'rabbitmq'],
  'a server that hears its object store both by HTTP and through RabbitMQ',
  () => {
    let rabbit: { readonly url: string; stop(): Promise<void> };
    let stack: Stack;
    beforeAll(async () => {
      const { url, stop } = await place('rabbitmq');
      rabbit = { url: url.split('?')[0] as string, stop };
      stack = await startStack({
        database: 'sqlite',
        objects: 's3',
        broker: 'local',
        env: { INGEST_SECRET: SECRET, INGEST_URL: withQuery(rabbit.url, 'exchange', EXCHANGE) },
      });
      const store = stack.settings(0).STORAGE_URL as string;
      const webhook = `${stack.server.url}/ingest/s3?token=${encodeURIComponent(SECRET)}`;
      await tellOfObjects(store, { 'push-endpoint': webhook });
      const through = { 'push-endpoint': rabbit.url, 'amqp-exchange': EXCHANGE, 'amqp-ack-level': 'none' };
      const asked = await stack.cli('store', 'setup', '--notify', await makeTopic(store, through));
      expect(asked.stdout).toMatch(/^notification: .* Done: have it tell of what comes under "data\/in\/"\.$/m);
    });
    afterAll(async () => {
      await stack?.dispose();
      await rabbit.stop();
    });

    test('makes a file of an upload that nobody confirms, and processes it', async () => {
      const user = await stack.api.signUp();
      const bytes = await fixture('camera.jpg');
      const { file, upload } = await user.begin({ name: 'camera.jpg', size: bytes.length, contentType: 'image/jpeg' });
      expect((await user.put(upload.url, bytes, upload.headers)).status).toBe(200);
      await until('the file', async () => (await user.file(file.id)).status === 'uploaded');
      expect(sha256(await user.content(file.id))).toBe(sha256(bytes));
      expect((await user.processed(file.id)).processing).toMatchObject({ state: 'done', failed: 0 });
      // Whoever says it as well hears the same.
      const confirmed = await user.call('POST', `/api/uploads/${file.id}/confirm`);
      expect([confirmed.status, confirmed.body.file.status]).toEqual([202, 'uploaded']);
      const { body } = await stack.api.call('GET', '/readyz');
      expect(body.checks.ingest).toMatchObject({ status: 'ok' });
    });

    test('confirms many that come at the same time, while their clients do so too', async () => {
      const user = await stack.api.signUp();
      const files = await Promise.all(
        Array.from({ length: 12 }, async (_, n) => {
          const { file, upload } = await user.begin({ name: `${n}.txt`, size: 3, contentType: 'text/plain' });
          await user.put(upload.url, 'abc', upload.headers);
          if (n % 2) expect((await user.call('POST', `/api/uploads/${file.id}/confirm`)).status).toBe(202);
          return file;
        }),
      );
      for (const { id } of files) await until('the file', async () => (await user.file(id)).status === 'uploaded');
      expect((await user.list({})).items).toHaveLength(files.length);
    });

    test('shows the webhook to nobody who does not know the secret', async () => {
      const told = (headers: Record<string, string>) =>
        stack.api.call('POST', '/ingest/s3', { json: { Records: [] }, headers });
      expectProblem(await told({ authorization: 'Bearer wrong' }), 401, 'unauthenticated');
      expect((await told({ authorization: `Bearer ${SECRET}` })).status).toBe(204);
      expect(stack.output()).not.toContain(SECRET);
      expect(stack.output()).not.toContain(encodeURIComponent(SECRET));
    });
  },
);
