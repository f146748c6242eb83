import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteBucketCorsCommand, DeleteBucketLifecycleCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Place } from '../../test/harness/engines/index.ts';
import { onStore, readS3Url } from '../../test/harness/engines/s3-client.ts';
import { describeWithEngines, place } from '../../test/harness/engines/use.ts';
import { cliOfEachTest } from './testing/cli.ts';

const { folder, run } = cliOfEachTest();

test('a store on the disk has nothing to be set up, and is not made by asking', async () => {
  const { code, stderr } = await run(['store', 'setup']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^holdfast: STORAGE_URL: .* nothing is to be set up\.\n$/);
  expect(await readdir(folder())).toEqual([]);
});

test('only what a store calls a topic or a queue can be told of uploads', async () => {
  const { code, stderr } = await run(['store', 'setup', '--notify', 'https://files.example.com'], {
    STORAGE_URL: 's3://bucket?endpoint=http://127.0.0.1:1',
  });
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^holdfast: --notify: expected the ARN .*\n$/)]);
});

describeWithEngines(['s3'], 'holdfast store setup', () => {
  let store: Place;
  beforeAll(async () => {
    store = await place('s3');
    const { bucket: Bucket } = readS3Url(store.url);
    await onStore(store.url, async (client) => {
      await client.send(new DeleteBucketCorsCommand({ Bucket }));
      await client.send(new DeleteBucketLifecycleCommand({ Bucket }));
    });
  });
  afterAll(() => store.stop());

  test('finds its credentials by the names of AWS, in .env too', async () => {
    const url = new URL(store.url);
    const [id, secret] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
    url.username = '';
    url.password = '';
    const settings = [`STORAGE_URL=${url.href}`, 'AWS_EC2_METADATA_DISABLED=true'];
    const keep = (...more: string[]) => writeFile(join(folder(), '.env'), [...settings, ...more, ''].join('\n'));
    const setup = (env = {}) => run(['store', 'setup', '--dry-run', '--json'], env);
    await keep(`AWS_ACCESS_KEY_ID=${id}`, `AWS_SECRET_ACCESS_KEY=${secret}`);
    expect(await setup()).toMatchObject({ code: 0, stderr: '' });
    const stranger = await setup({ AWS_ACCESS_KEY_ID: 'stranger' });
    expect(stranger.stderr).toMatch(/does not know the access key/);

    await writeFile(join(folder(), 'profiles'), `[files]\naws_access_key_id=${id}\naws_secret_access_key=${secret}\n`);
    await keep('AWS_PROFILE=files', `AWS_SHARED_CREDENTIALS_FILE=${join(folder(), 'profiles')}`);
    expect(await setup()).toMatchObject({ code: 0, stderr: '' });
  });

  test('says what is missing, writes it, and finds it there', async () => {
    const env = { STORAGE_URL: store.url, CORS_ORIGINS: 'https://app.example.com', UPLOAD_EXPIRY: '10d' };
    const dry = await run(['store', 'setup', '--dry-run'], env);
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toMatch(/^CORS: .* To do: write the rule .* for https:\/\/app\.example\.com\.$/m);
    expect(dry.stdout).toMatch(/^lifecycle: .* To do: write the rule .* aborts them after 11 days\.$/m);
    expect((await run(['store', 'setup', '--dry-run'], env)).stdout).toBe(dry.stdout);

    const doctor = async () =>
      JSON.parse((await run(['doctor', '--json'], env)).stdout) as { name: string; state: string; remedy?: string }[];
    const before = await doctor();
    for (const name of ['CORS rules', 'lifecycle rules']) {
      expect(before.find((finding) => finding.name === name)).toMatchObject({
        state: 'warning',
        remedy: expect.stringMatching(/^Run "holdfast store setup": it will write the rule/),
      });
    }

    const done = await run(['store', 'setup'], env);
    expect(done.code).toBe(0);
    expect(done.stdout).toBe(dry.stdout.replaceAll('To do: ', 'Done: '));
    expect(await run(['store', 'setup'], env)).toMatchObject({
      code: 0,
      stdout: 'All rules of the store are as they should be.\n',
      stderr: '',
    });
    expect(await run(['store', 'setup', '--json'], env)).toMatchObject({ code: 0, stdout: '[]\n' });
    expect((await doctor()).find(({ name }) => name === 'bucket')).toMatchObject({ state: 'ok' });
  });

  test('says in one line what is wrong with the store', async () => {
    const url = new URL(store.url);
    url.password = 'hidden-secret';
    const { code, stdout, stderr } = await run(['store', 'setup'], { STORAGE_URL: url.href });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^holdfast: STORAGE_URL: .* does not accept the secret key\. .*\n$/);
    expect(stderr).not.toContain('hidden-secret');
  });
});
