import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openObjects } from '../../../drivers/objects/index.ts';
import type { ObjectStore } from '../../../drivers/objects/port.ts';
import { copyObject } from './copy-object.ts';

const never = new AbortController().signal;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

let folder: string;
let from: ObjectStore;
let to: ObjectStore;
let told: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-objects-'));
  const open = (name: string) =>
    openObjects('file:', {
      dataDir: join(folder, name),
      signingKey: new Uint8Array(32),
      publicUrl: () => '',
      log: pino({ level: 'silent' }),
    });
  [from, to, told] = [await open('from'), await open('to'), 0];
  await from.put('a', Buffer.from('right'));
});
afterEach(async () => {
  await from.close();
  await to.close();
  await rm(folder, { recursive: true });
});

const count = (bytes: number) => {
  told += bytes;
};
const copy = (claim: { size?: number; sha256?: string | undefined; key?: string } = {}, signal = never) =>
  copyObject(
    from,
    to,
    { key: 'a', size: 5, sha256: sha256('right'), contentType: 'text/plain', ...claim },
    { signal, onBytes: count },
  );
const text = async () => (await (await to.get('a')).stream.toArray()).join('');

test('an object is copied, with its hash where the row does not know it', async () => {
  expect(await copy({ sha256: undefined })).toEqual({ sha256: sha256('right') });
  expect(await text()).toBe('right');
  expect(told).toBe(5);
});

test('one that stands there already is kept, and one of other bytes is replaced', async () => {
  await to.put('a', Buffer.from('wrong'));
  expect(await copy()).toEqual({ sha256: sha256('right') });
  expect(await text()).toBe('right');
  await from.delete(['a']);
  expect(await copy()).toEqual({ sha256: sha256('right') });
});

test('one that is not what its row says is told of, and not kept', async () => {
  expect(await copy({ sha256: sha256('other') })).toEqual({ damage: 'different' });
  expect(await copy({ size: 6 })).toEqual({ damage: 'different' });
  expect(await copy({ key: 'b' })).toEqual({ damage: 'missing' });
  expect(await to.list('', { limit: 10 })).toEqual([]);
});

test('an abort leaves nothing', async () => {
  const aborted = AbortSignal.abort(new Error('enough'));
  await expect(copy({}, aborted)).rejects.toThrow();
  expect(await to.list('', { limit: 10 })).toEqual([]);
});
