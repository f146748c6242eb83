import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inChunks, optionsIn, pattern } from '../conformance/bodies.ts';
import { openObjects } from '../index.ts';
import { toStoreError } from './errors.ts';

const MIB = 1024 * 1024;

/** A file system of 4 MiB of its own; undefined where we may not mount one. */
async function smallDisk(): Promise<{ folder: string; release(): Promise<void> } | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    await rm(folder, { recursive: true });
    return undefined;
  }
  return {
    folder,
    async release() {
      execFileSync('umount', [folder]);
      await rm(folder, { recursive: true });
    },
  };
}

test('a full disk is said to be full, keeps nothing of the object, and works again when there is room', async (context) => {
  const disk = await smallDisk();
  if (!disk) return context.skip('mounting a small file system needs root on Linux');
  try {
    const store = await openObjects('file:', optionsIn(disk.folder));
    await store.put('a/b/first', pattern(MIB));
    for (const body of [pattern(5 * MIB), inChunks(pattern(5 * MIB), 60_000)]) {
      await expect(store.put('a/b/second', body)).rejects.toMatchObject({ code: 'storage_full' });
    }
    const multipartId = await store.createMultipart('a/b/third', 'text/plain');
    const expiresAt = new Date(Date.now() + 60_000);
    const signed = await store.signPart('a/b/third', { multipartId, number: 1, size: 5 * MIB, expiresAt });
    const grant = store.endpoint?.verify(signed.url.slice(signed.url.lastIndexOf('/') + 1));
    if (grant?.action !== 'put-part') throw new Error('Another grant was signed.');
    const part = store.endpoint?.putPart(grant, inChunks(pattern(5 * MIB)), AbortSignal.timeout(10_000));
    await expect(part).rejects.toMatchObject({ code: 'storage_full' });

    const unfinished = await readdir(join(disk.folder, 'objects', 'tmp'), { recursive: true });
    expect(unfinished).toHaveLength(1);
    await store.put('a/b/second', inChunks(pattern(2 * MIB), 60_000));
    expect((await store.list('', { limit: 10 })).map(({ key }) => key)).toEqual(['a/b/first', 'a/b/second']);
    await store.close();
  } finally {
    await disk.release();
  }
});

test('what a file system says is told without paths', () => {
  const codes: Record<string, string> = {
    ENOSPC: 'storage_full',
    EDQUOT: 'storage_full',
    EFBIG: 'storage_full',
    ENOENT: 'not_found',
    EEXIST: 'conflict',
    EIO: 'unavailable',
    EROFS: 'unavailable',
    EACCES: 'unavailable',
    EMFILE: 'unavailable',
  };
  for (const [errno, code] of Object.entries(codes)) {
    const error = Object.assign(new Error(`${errno}: /secret/path`), { code: errno, syscall: 'open' });
    expect(toStoreError(error)).toMatchObject({ code, detail: expect.not.stringContaining('secret') });
  }
  const other = new TypeError('not of a file system');
  expect(toStoreError(other)).toBe(other);
});
