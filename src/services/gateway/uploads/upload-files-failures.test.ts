import { beforeEach, describe, expect, test } from 'vitest';
import { HoldfastError } from '../../../base/errors.ts';
import type { GatewayDeps } from '../deps.ts';
import { bytesOf, MIB, NO_TRACES, Uploading } from './testing/uploading.ts';

describe('a failure on our side', () => {
  let fail: Partial<Record<'put' | 'finish', unknown>> = {};
  const failing = ({ uploads, objects }: Pick<GatewayDeps, 'uploads' | 'objects'>): Partial<GatewayDeps> => ({
    objects: { ...objects, put: async (...args) => (fail.put ? Promise.reject(fail.put) : objects.put(...args)) },
    uploads: {
      ...uploads,
      finishUpload: async (...args) => (fail.finish ? Promise.reject(fail.finish) : uploads.finishUpload(...args)),
    },
  });
  const up = new Uploading({}, failing);
  beforeEach(() => {
    fail = {};
  });

  test.each([10, 2 * MIB])('such as a full disk is told, and leaves nothing (%i bytes)', async (size) => {
    fail = { put: Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }) };
    const answer = await up.send(bytesOf(size));
    expect([answer.status, answer.body.code]).toEqual([507, 'storage_full']);
    expect(answer.bytes.toString()).not.toMatch(/ENOSPC|device/);
    expect(await up.everything()).toEqual(up.before);
    fail = {};
    expect((await up.send(bytesOf(size))).status).toBe(202);
  });

  test('at confirming gives the upload up', async () => {
    fail = { finish: new HoldfastError('unavailable', 'Not now.') };
    const answer = await up.send('x');
    expect([answer.status, answer.body.code]).toEqual([503, 'unavailable']);
    expect(await up.traces()).toEqual(NO_TRACES);
  });
});
