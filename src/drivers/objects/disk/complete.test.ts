import fs from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { hasCode } from '../../../base/errors.ts';
import { inChunks, optionsIn, pattern } from '../conformance/bodies.ts';
import { newKey, readBody } from '../conformance/place.ts';
import type { ObjectStore } from '../port.ts';

/** What happens before each call to the file system, while a completion runs. The calls themselves happen as ever. */
let beforeCall: (() => Promise<void>) | undefined;
const real = { ...fs.promises };

beforeAll(() => {
  for (const name of ['link', 'mkdir', 'readdir', 'readFile', 'rename', 'rm', 'stat', 'unlink'] as const) {
    Object.assign(fs.promises, {
      async [name](...args: unknown[]) {
        await beforeCall?.();
        return Reflect.apply(real[name], fs.promises, args);
      },
    });
  }
  syncBuiltinESMExports();
});
afterAll(() => {
  Object.assign(fs.promises, real);
  syncBuiltinESMExports();
});

/** Two instances on one folder. */
let folder: string;
let one: ObjectStore;
let other: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-complete-'));
  // Only what is loaded from here on is sure to see the calls.
  const { openObjects } = await import('../index.ts');
  const open = () => openObjects(pathToFileURL(join(folder, 'objects')).href, optionsIn(folder));
  one = await open();
  other = await open();
});
afterEach(async () => {
  beforeCall = undefined;
  await one.close();
  await other.close();
  await rm(folder, { recursive: true });
});

const FIRST = pattern(1_000, 1);
const SECOND = pattern(1_000, 2);
const REPLACED = pattern(1_000, 3);

interface Upload {
  readonly key: string;
  readonly multipartId: string;
}

async function send(store: ObjectStore, upload: Upload, number: number, bytes: Uint8Array): Promise<void> {
  const grant = { action: 'put-part', ...upload, number, size: bytes.length } as const;
  await store.endpoint?.putPart(grant, inChunks(bytes), AbortSignal.timeout(60_000));
}

async function begin(): Promise<Upload> {
  const key = newKey();
  const upload = { key, multipartId: await one.createMultipart(key, 'text/plain') };
  await send(one, upload, 1, FIRST);
  await send(one, upload, 2, SECOND);
  return upload;
}

/** Sends the second part once more from elsewhere. False where the upload takes no more parts. */
async function replace(upload: Upload): Promise<boolean> {
  try {
    await send(other, upload, 2, REPLACED);
    return true;
  } catch (error) {
    if (hasCode(error, 'upload_closed')) return false;
    throw error;
  }
}

/** Completes at the first instance, and does something before the call of that number. Answers how many there were. */
async function disturbed(upload: Upload, at: number, disturb: () => Promise<unknown>) {
  const parts = await one.listParts(upload.key, upload.multipartId);
  let calls = 0;
  const count = async () => {
    if (++calls !== at) return;
    beforeCall = undefined;
    await disturb();
    beforeCall ??= count;
  };
  beforeCall = count;
  const [outcome] = await Promise.allSettled([one.completeMultipart(upload.key, upload.multipartId, parts)]);
  beforeCall = undefined;
  return { calls, error: outcome.status === 'rejected' ? outcome.reason : undefined };
}

/** As a client does that confirms again: where no part is listed, it was completed before. */
async function completeAgain(store: ObjectStore, { key, multipartId }: Upload): Promise<void> {
  const parts = await store.listParts(key, multipartId);
  if (parts.length > 0) await store.completeMultipart(key, multipartId, parts);
}

test('a part that is replaced at any moment of a completion leaves no hole', async () => {
  for (let at = 1; ; at++) {
    const upload = await begin();
    const { calls, error } = await disturbed(upload, at, () => replace(upload));
    if (error) {
      expect(error).toMatchObject({ code: 'upload_not_complete' });
      await completeAgain(one, upload);
    }
    const wanted = Buffer.concat([FIRST, error ? REPLACED : SECOND]);
    expect((await readBody(other, upload.key)).equals(wanted), `before call ${at}`).toBe(true);
    expect(await replace(upload)).toBe(false);
    if (at <= calls) continue;
    expect(calls).toBeGreaterThan(4);
    return;
  }
});

test('a completion that died at any moment can be repeated, and has what was answered for since', async () => {
  for (let at = 1; ; at++) {
    const upload = await begin();
    const dead = Object.assign(new Error('It died here.'), { code: 'EIO', syscall: 'test' });
    const { calls } = await disturbed(upload, at, async () => {
      beforeCall = () => Promise.reject(dead);
      throw dead;
    });
    const isReplaced = await replace(upload);
    await completeAgain(other, upload);
    const wanted = Buffer.concat([FIRST, isReplaced ? REPLACED : SECOND]);
    expect((await readBody(other, upload.key)).equals(wanted), `before call ${at}`).toBe(true);
    expect(await readdir(join(folder, 'objects', 'uploads'))).toEqual([]);
    if (at <= calls) continue;
    expect(calls).toBeGreaterThan(4);
    return;
  }
});
