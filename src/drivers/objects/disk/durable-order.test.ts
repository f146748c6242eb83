import fs from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { inChunks, optionsIn, pattern } from '../conformance/bodies.ts';
import type { ObjectStore } from '../port.ts';

/**
 * What only a power cut would show: that bytes are on the disk before their name is, and the name before anybody
 * hears of it. The calls to the file system happen as ever and are written down in their order.
 */
const calls: string[] = [];
const real = {
  open: fs.open,
  fsync: fs.fsync,
  write: fs.write,
  openHandle: fs.promises.open,
  link: fs.promises.link,
  rename: fs.promises.rename,
  unlink: fs.promises.unlink,
};
let root = '';

/** A path without what differs from run to run. */
const short = (path: unknown): string =>
  relative(root, String(path))
    .replace(/^tmp\/.*/, 'tmp')
    .replace(/[0-9a-f-]{36}~/, 'ID~')
    .replace(/-[0-9a-f]{24}-/, '-ETAG-');

beforeAll(() => {
  const paths = new Map<number, string>();
  /** Descriptors whose writes are on the disk when they return. */
  const durable = new Set<number>();
  Object.assign(fs, {
    open(path: string, flags: string | number, ...rest: unknown[]) {
      const done = rest.pop() as (error: Error | null, descriptor: number) => void;
      Reflect.apply(real.open, fs, [
        path,
        flags,
        ...rest,
        (error: Error | null, descriptor: number) => {
          paths.set(descriptor, path);
          if (typeof flags === 'number' && flags & fs.constants.O_DSYNC) durable.add(descriptor);
          else durable.delete(descriptor);
          done(error, descriptor);
        },
      ]);
    },
    write(descriptor: number, ...rest: unknown[]) {
      const done = rest.pop() as (...answer: unknown[]) => void;
      Reflect.apply(real.write, fs, [
        descriptor,
        ...rest,
        (...answer: unknown[]) => {
          if (durable.has(descriptor)) calls.push(`sync ${short(paths.get(descriptor))}`);
          done(...answer);
        },
      ]);
    },
    fsync(descriptor: number, done: (error: Error | null) => void) {
      real.fsync(descriptor, (error) => {
        calls.push(`sync ${short(paths.get(descriptor))}`);
        done(error);
      });
    },
  });
  fs.promises.open = async (path, ...rest) => {
    const handle = await real.openHandle(path, ...rest);
    const sync = handle.sync.bind(handle);
    handle.sync = async () => {
      await sync();
      calls.push(`sync ${short(path)}`);
    };
    return handle;
  };
  for (const name of ['link', 'rename'] as const) {
    fs.promises[name] = async (from, to) => {
      await real[name](from, to);
      calls.push(`${name} ${short(from)} ${short(to)}`);
    };
  }
  fs.promises.unlink = async (path) => {
    await real.unlink(path);
    calls.push(`unlink ${short(path)}`);
  };
  syncBuiltinESMExports();
});
afterAll(() => {
  Object.assign(fs, { open: real.open, fsync: real.fsync, write: real.write });
  const { openHandle, link, rename, unlink } = real;
  Object.assign(fs.promises, { open: openHandle, link, rename, unlink });
  syncBuiltinESMExports();
});

let dataDir: string;
let store: ObjectStore;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdfast-order-'));
  root = join(dataDir, 'objects');
  // Only what is loaded from here on sees the calls that are written down.
  const { openObjects } = await import('../index.ts');
  store = await openObjects('file:', optionsIn(dataDir));
  calls.length = 0;
});
afterEach(async () => {
  await store.close();
  await rm(dataDir, { recursive: true });
});

const WAY = ['sync data/a/b~c', 'sync data/a', 'sync data'];

test('an object is on the disk before its name, and its name and the way there before the answer', async () => {
  for (const body of [pattern(100), inChunks(pattern(3_000_000), 60_000)]) {
    await store.put('a/b/c', body);
    expect(calls).toEqual(['sync tmp', 'link tmp data/a/b~c/b~c', 'unlink tmp', ...WAY]);
    await store.delete(['a/b/c']);
    calls.length = 0;
  }
  await store.put('a/b/c', pattern(1));
  calls.length = 0;
  await store.put('a/b/c/d', pattern(1));
  expect(calls).toEqual(['sync tmp', 'link tmp data/a/b~c~d/b~c~d', 'unlink tmp', 'sync data/a/b~c~d', 'sync data/a']);
  calls.length = 0;
  await store.delete(['a/b/c/d']);
  expect(calls).toEqual(['unlink data/a/b~c~d/b~c~d', 'sync data/a/b~c~d']);
});

test('the way to a folder that was removed and made again is made durable again', async () => {
  await store.put('a/b/c', pattern(1));
  await store.delete(['a/b/c']);
  calls.length = 0;
  await store.put('a/b/c', pattern(1));
  expect(calls.slice(3)).toEqual(WAY);
});

test('an object has its new name on the disk before it loses the old one', async () => {
  await store.put('in/x', pattern(1));
  calls.length = 0;
  await store.move('in/x', 'a/b/c');
  expect(calls).toEqual(['link data/in/x/x data/a/b~c/b~c', ...WAY, 'unlink data/in/x/x', 'sync data/in/x']);
});

test('parts are on the disk before they are answered for, and the whole before its name', async () => {
  const multipartId = await store.createMultipart('a/b/c', 'text/plain');
  expect(calls).toEqual(['sync uploads']);
  calls.length = 0;
  const { endpoint } = store;
  const grant = { action: 'put-part', key: 'a/b/c', multipartId, number: 1, size: 100 } as const;
  const part = await endpoint?.putPart(grant, inChunks(pattern(100)), AbortSignal.timeout(10_000));
  const file = 'uploads/ID~a~b~c/00001-ETAG-100';
  expect(calls).toEqual(['sync tmp', `rename tmp ${file}`, 'sync uploads/ID~a~b~c', 'sync uploads']);
  calls.length = 0;
  await store.completeMultipart('a/b/c', multipartId, part ? [part] : []);
  expect(calls).toEqual([
    `link ${file} tmp`,
    // The manifest, and the folder that it and the parts stand in.
    'sync tmp',
    'sync tmp',
    'rename tmp data/a/b~c/b~c',
    ...WAY,
    'rename uploads/ID~a~b~c tmp',
    'sync uploads',
  ]);
});
