import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { generated } from '../../harness/big.ts';
import { fixture, sha256 } from '../../harness/fixtures.ts';
import { storedFiles } from '../../harness/inspect.ts';
import { expectProblem } from '../../harness/problems.ts';
import { startStack } from '../../harness/stack.ts';
import { until } from '../../harness/until.ts';

const MIB = 1024 ** 2;

/** A file system of its own with room for 24 MiB, or why there is none. */
function smallDisk(): { readonly folder: string; unmount(): Promise<void> } | string {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'a small disk is mounted by root on Linux only';
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'holdfast-test', folder], { stdio: 'pipe' });
  } catch {
    rmdirSync(folder);
    return 'mounting is not allowed here';
  }
  return {
    folder,
    async unmount() {
      await until('nobody to use the disk any more', () => {
        execFileSync('umount', [folder], { stdio: 'pipe' });
        return true;
      });
      rmdirSync(folder);
    },
  };
}

describe('a disk that is full', () => {
  test('refuses with 507, breaks nothing, and goes on when there is room', async (context) => {
    const disk = smallDisk();
    if (typeof disk === 'string') return context.skip(disk);
    const stack = await startStack({ dataDir: disk.folder });
    try {
      const user = await stack.api.signUp();
      const kept = await user.upload(await fixture('notes.txt'), { name: 'notes.txt', type: 'text/plain' });
      const before = await storedFiles(stack);

      expectProblem(await user.sendRaw(Buffer.alloc(40 * MIB), { name: 'known.bin' }), 507, 'storage_full');
      expectProblem(await user.sendRaw(generated(40 * MIB, 1), { name: 'unknown.bin' }), 507, 'storage_full');
      const form = [{ field: 'file', filename: 'form.bin', content: Buffer.alloc(40 * MIB, 'x') }];
      expectProblem(await user.sendForm(form), 507, 'storage_full');
      const { upload } = await user.begin({ name: 'signed.bin', size: 40 * MIB });
      expectProblem(await user.put(upload.url, Buffer.alloc(40 * MIB), upload.headers), 507, 'storage_full');
      await until('what came of them to be gone', async () => (await storedFiles(stack)).length === before.length);
      expect(await storedFiles(stack)).toEqual(before);

      // Not a byte is left, for the database neither.
      const ballast = join(disk.folder, 'ballast');
      await writeFile(ballast, Buffer.alloc(24 * MIB)).catch((error) => expect(error.code).toBe('ENOSPC'));
      for (const name of ['a.txt', 'b.txt', 'c.txt']) {
        const answer = await user.sendRaw('x'.repeat(100_000), { name, type: 'text/plain' });
        expectProblem(answer, 507, 'storage_full');
      }
      expect(sha256(await user.content(kept.id))).toBe(sha256(await fixture('notes.txt')));
      expect((await user.list()).items.map(({ id }) => id)).toContain(kept.id);

      await rm(ballast);
      const photo = await user.upload(await fixture('photo.webp'), { name: 'photo.webp' });
      expect((await user.processed(photo.id)).processing).toMatchObject({ state: 'done', failed: 0 });
      expect(await stack.server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
      await stack.start();
      const again = await stack.api.signUp();
      expect((await again.upload('room', { name: 'room.txt' })).status).toBe('uploaded');
    } finally {
      await stack.dispose();
      await disk.unmount();
    }
  });
});
