import { beforeEach, describe, expect, test } from 'vitest';
import { HoldfastError } from '../../../base/errors.ts';
import type { GatewayDeps } from '../deps.ts';
import { bytesOf, MIB, NO_TRACES, Uploading } from './testing/uploading.ts';

describe('a failure on our side', () => {
  /** `answer`: that of finishing, which is done. */
  let fail: Partial<Record<'put' | 'finish' | 'answer', unknown>> = {};
  let signals: Partial<Record<'finish' | 'abandon', AbortSignal>> = {};
  const failing = ({ uploads, objects }: Pick<GatewayDeps, 'uploads' | 'objects'>): Partial<GatewayDeps> => ({
    objects: { ...objects, put: async (...args) => (fail.put ? Promise.reject(fail.put) : objects.put(...args)) },
    uploads: {
      ...uploads,
      finishUpload: async (request, context) => {
        signals.finish = context.signal;
        if (fail.finish) throw fail.finish;
        const answer = await uploads.finishUpload(request, context);
        if (fail.answer) throw fail.answer;
        return answer;
      },
      abandonUpload: (request, context) => {
        signals.abandon ??= context.signal;
        return uploads.abandonUpload(request, context);
      },
    },
  });
  const up = new Uploading({}, failing);
  beforeEach(() => {
    fail = {};
    signals = {};
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
    // Finishing may have failed because its time was up.
    expect(signals.abandon).toBeDefined();
    expect(signals.abandon).not.toBe(signals.finish);
  });

  test('to hear that a file is confirmed takes nothing from it', async () => {
    fail = { answer: new HoldfastError('unavailable', 'Not now.') };
    expect((await up.send('hello')).status).toBe(503);
    const { body } = await up.server.call('GET', '/api/files', { headers: up.as });
    expect(body.items).toMatchObject([{ name: 'a.bin', status: 'uploaded' }]);
    expect((await up.contentOf(body.items[0].id)).toString()).toBe('hello');
  });
});
