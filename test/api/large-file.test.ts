import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { beforeAll, describe, expect, test } from 'vitest';
import { generatedWithHash, hashOf } from '../harness/big.ts';
import type { Api } from '../harness/client.ts';
import { peakMemory } from '../harness/process.ts';
import { useSharedStack } from '../harness/stack.ts';
import { stackKind } from '../harness/stack-kind.ts';

const MIB = 1024 ** 2;
/** Well over the limit of memory, and no more than that where the engines share it with us. */
const SIZE = (stackKind().database === 'sqlite' ? 2_048 : 640) * MIB;
const LIMIT = 520 * MIB;

function freeSpace(): number {
  const { bavail, bsize } = statfsSync(tmpdir());
  return bavail * bsize;
}

describe(`a file of ${SIZE / MIB} MiB`, () => {
  const stack = useSharedStack();
  let user: Api;
  beforeAll(async () => {
    user = await stack.api.signUp();
  });

  test('goes in and out whole, in memory that stays flat', async (context) => {
    if (freeSpace() < 3 * SIZE) return context.skip('there is too little room for temporary files');
    const { stream, sha256 } = generatedWithHash(SIZE, 2);
    const file = await user.upload(stream, {
      name: 'large.bin',
      headers: { 'content-length': String(SIZE) },
      deadline: 240_000,
    });
    const sent = { size: SIZE, sha256: sha256() };
    expect({ size: file.size, sha256: file.sha256 }).toEqual(sent);

    const path = `/api/files/${file.id}/content`;
    const received = await hashOf(await user.open('GET', path, { deadline: 240_000 }));
    expect(received).toEqual(sent);

    const tail = await user.call('GET', path, { headers: { range: `bytes=${SIZE - 10}-` } });
    expect(tail.headers['content-range']).toBe(`bytes ${SIZE - 10}-${SIZE - 1}/${SIZE}`);
    for (const { pid } of stack.servers) expect(peakMemory(pid) ?? 0).toBeLessThan(LIMIT);
  });
});
