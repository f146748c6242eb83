import { tmpdir } from 'node:os';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Engine, startEngine } from '../../../../test/harness/engines/index.ts';
import { onStore } from '../../../../test/harness/engines/s3-client.ts';
import { describeWithEngines } from '../../../../test/harness/engines/use.ts';
import { inChunks, optionsIn, pattern } from '../conformance/bodies.ts';
import { newKey, readBody } from '../conformance/place.ts';
import { openObjects } from '../index.ts';
import type { ObjectStore } from '../port.ts';
import { openS3Store } from './index.ts';
import { inFolder, sendOverHttp } from './testing.ts';
import { parseS3Url } from './url.ts';

const MIB = 1024 * 1024;
const KEY_ID = 'a-key';
type Keys = [string, string, string, string, string, string];

const soon = () => new Date(Date.now() + 60_000);

describeWithEngines(
  ['s3'],
  'with server-side encryption',
  () => {
    let engine: Engine;
    let url: string;
    let store: ObjectStore;
    beforeAll(async () => {
      const secret = Buffer.alloc(32, 'k').toString('base64');
      engine = await startEngine('s3', {
        args: ['--rgw_crypt_s3_kms_backend=testing', `--rgw_crypt_s3_kms_encryption_keys=${KEY_ID}=${secret}`],
      });
      const own = new URL(inFolder((await engine.place()).url));
      own.searchParams.set('sse', 'aws:kms');
      own.searchParams.set('sseKmsKeyId', KEY_ID);
      url = own.href;
      const sizes = { part: 5 * MIB, copyAtOnce: 8 * MIB, copyPart: 5 * MIB };
      store = await openS3Store(url, optionsIn(tmpdir()), { sizes });
    });
    afterAll(async () => {
      await store.close();
      await engine.stop();
    });

    const encryptionOf = (key: string) =>
      onStore(url, async (client) => {
        const { bucket, root } = parseS3Url(url);
        const place = { Bucket: bucket, Key: `${root}data/${key}` };
        const { ServerSideEncryption, SSEKMSKeyId } = await client.send(new HeadObjectCommand(place));
        return [ServerSideEncryption, SSEKMSKeyId];
      });

    test('every object is encrypted, however it came', async () => {
      const [short, long, moved, large, parts, sent] = Array.from({ length: 6 }, newKey) as Keys;
      await store.put(short, pattern(1_000));
      await store.put(long, inChunks(pattern(7 * MIB), 200_000));
      await store.put(moved, pattern(10));
      await store.move(moved, `${moved}-2`);
      await store.put(large, pattern(9 * MIB));
      await store.move(large, `${large}-2`);

      const multipartId = await store.createMultipart(parts, 'text/plain');
      const part = await store.signPart(parts, { multipartId, number: 1, size: 100, expiresAt: soon() });
      expect((await sendOverHttp(store, part, pattern(100))).status).toBe(200);
      await store.completeMultipart(parts, multipartId, await store.listParts(parts, multipartId));
      await store.completeMultipart(parts, multipartId, await store.listParts(parts, multipartId));

      const put = await store.signPut(sent, { size: 10, contentType: 'text/plain', expiresAt: soon() });
      const bare = { ...put, headers: { 'content-type': 'text/plain' } };
      expect((await sendOverHttp(store, bare, pattern(10))).status).toBe(403);
      expect((await sendOverHttp(store, put, pattern(10))).status).toBe(200);
      expect(put.headers).toEqual({
        'content-type': 'text/plain',
        'x-amz-server-side-encryption': 'aws:kms',
        'x-amz-server-side-encryption-aws-kms-key-id': KEY_ID,
      });

      for (const key of [short, long, `${moved}-2`, `${large}-2`, parts, sent]) {
        expect(await encryptionOf(key)).toEqual(['aws:kms', KEY_ID]);
      }
      expect((await readBody(store, long)).equals(pattern(7 * MIB))).toBe(true);
      expect((await readBody(store, short, { first: 10, last: 20 })).equals(pattern(1_000).subarray(10, 21))).toBe(
        true,
      );
    });

    test('a key that the store does not have is refused at the start', async () => {
      const wrong = new URL(url);
      wrong.searchParams.set('sseKmsKeyId', 'no-such-key');
      await expect(openObjects(wrong.href, optionsIn(tmpdir()))).rejects.toThrow(
        /^STORAGE_URL: .* does not encrypt as sse=aws:kms asks for\. Set up its keys/,
      );
    });
  },
  { own: true },
);
