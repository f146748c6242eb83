import { describe, expect, test } from 'vitest';
import { bytesOf, chunked, file, MIB, Uploading } from './testing/uploading.ts';

describe('a quota', () => {
  const up = new Uploading({ userQuota: 3 * MIB });

  test('is kept also where the length is unknown', async () => {
    const answer = await up.send(chunked(bytesOf(3 * MIB + 1)));
    expect([answer.status, answer.body.code]).toEqual([413, 'quota_exceeded']);
    expect(await up.everything()).toEqual(up.before);
    expect((await up.send(chunked(bytesOf(3 * MIB)))).status).toBe(202);
    expect((await up.send('x')).body.code).toBe('quota_exceeded');
  });

  test('lets in of a form what fits', async () => {
    const { body } = await up.sendForm([
      file('a', bytesOf(2 * MIB)),
      file('b', bytesOf(2 * MIB)),
      file('c', bytesOf(MIB / 2)),
    ]);
    expect(body.files.map(({ name }: { name: string }) => name)).toEqual(['a', 'c']);
    expect(body.errors).toMatchObject([{ part: 1, code: 'quota_exceeded' }]);
    expect((await up.traces()).held).toBe(0);
  });
});
