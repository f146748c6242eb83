import { beforeAll, expect, test } from 'vitest';
import type { Api } from '../../harness/client.ts';
import { describeWithEngines } from '../../harness/engines/use.ts';
import { useStack } from '../../harness/stack.ts';

const SECRET = 'a secret of this webhook';

describeWithEngines(['s3'], 'the webhook of the object store', () => {
  const stack = useStack({ objects: 's3', env: { INGEST_SECRET: SECRET } });
  let user: Api;
  beforeAll(async () => {
    user = await stack.api.signUp();
  });

  const tell = (url: string, secret = SECRET) => {
    // Path-style: the bucket, then the key.
    const [, bucket, ...key] = decodeURIComponent(new URL(url).pathname).split('/');
    const event = { eventName: 'ObjectCreated:Put', s3: { bucket: { name: bucket }, object: { key: key.join('/') } } };
    return fetch(`${stack.server.url}/ingest/s3`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ Records: [event] }),
    });
  };

  test('confirms an upload whose client never says that it is done', async () => {
    const { file, upload } = await user.begin({ name: 'told.txt', size: 4, contentType: 'text/plain' });
    await user.put(upload.url, 'told', upload.headers);
    const refused = await tell(upload.url, 'a secret of somebody else');
    expect(refused.status).toBe(401);
    expect((await user.file(file.id)).status).toBe('pending');

    expect((await tell(upload.url)).status).toBe(204);
    expect((await user.file(file.id)).status).toBe('uploaded');
    expect((await tell(upload.url)).status).toBe(204);
    expect(String(await user.content(file.id))).toBe('told');
  });

  test('is heard of by the readiness of the server', async () => {
    const { body } = await stack.api.call('GET', '/readyz');
    expect(body.checks).toMatchObject({ ingest: { status: 'ok' } });
  });
});
