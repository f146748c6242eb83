import { expect } from 'vitest';
import { newId } from '../../../base/ids.ts';
import type { Law } from '../../laws.ts';
import { inChunks, pattern } from './bodies.ts';
import { byBytes } from './keys.ts';
import { listAll, newKey, newPrefix, type Place } from './place.ts';

export function managingLaws(law: Law, place: Place): void {
  law(
    'lists thousands of objects in pages, in the order of their keys, and deletes them at once',
    async () => {
      const prefix = newPrefix();
      const keys = Array.from({ length: 2_500 }, (_, number) => `${prefix}${newId()}/file-${number % 7}.bin`);
      for (let first = 0; first < keys.length; first += 100) {
        await Promise.all(keys.slice(first, first + 100).map((key) => place.store.put(key, Buffer.from(key))));
      }
      keys.sort(byBytes);
      const pages = await listAll(place.store, prefix, 333);
      expect(pages.map(({ key }) => key)).toEqual(keys);
      expect(pages.every(({ size, key }) => size === key.length)).toBe(true);
      await place.store.delete(keys);
      expect(await place.keys(prefix)).toEqual([]);
    },
    240_000,
  );

  law('lists what stands under all prefixes', async () => {
    await place.withEmpty(async (store) => {
      const keys = ['a', 'a-/x', 'a/b', 'a/b/c', 'b', 'b.c', 'b/c/d', `${newId()}/${newId()}/original.jpg`].sort(
        byBytes,
      );
      for (const key of keys) await store.put(key, Buffer.from(key));
      for (const limit of [1, 2, 1_000]) expect((await listAll(store, '', limit)).map(({ key }) => key)).toEqual(keys);
      expect((await store.list('a', { limit: 10 })).map(({ key }) => key)).toEqual(['a', 'a-/x', 'a/b', 'a/b/c']);
      expect((await store.list('', { limit: 10, after: 'a/b/c' })).map(({ key }) => key)).toEqual(
        keys.slice(keys.indexOf('b')),
      );
    });
  });

  law('moves an object once, however often it is told to', async () => {
    const from = `in/${newId()}`;
    const to = newKey();
    await place.store.put(from, Buffer.from('bytes'));
    await place.store.move(from, to);
    await place.store.move(from, to);
    expect(await place.store.head(from)).toBeUndefined();
    expect((await place.read(to)).toString()).toBe('bytes');
    await place.store.move(to, to);
    expect((await place.read(to)).toString()).toBe('bytes');
    await expect(place.store.move(from, newKey())).rejects.toMatchObject({ code: 'not_found' });
    await expect(place.store.move(from, from)).rejects.toMatchObject({ code: 'not_found' });
  });

  law('moves onto no other object', async () => {
    const [from, to] = [newKey(), newKey()];
    await place.store.put(from, Buffer.from('source'));
    await place.store.put(to, Buffer.from('target'));
    await expect(place.store.move(from, to)).rejects.toMatchObject({ code: 'conflict' });
    expect((await place.read(from)).toString()).toBe('source');
    expect((await place.read(to)).toString()).toBe('target');
  });

  law('lets many move one object to one key at once', async () => {
    const [from, to] = [newKey(), newKey()];
    await place.store.put(from, Buffer.from('bytes'));
    await Promise.all(Array.from({ length: 8 }, () => place.store.move(from, to)));
    expect((await place.read(to)).toString()).toBe('bytes');
    expect(await place.store.head(from)).toBeUndefined();
  });

  law('deletes what is there and takes what is not for deleted', async () => {
    const prefix = newPrefix();
    const keys = ['a', 'b', 'c'].map((name) => `${prefix}${name}`);
    for (const key of keys) await place.store.put(key, pattern(5));
    await place.store.delete([]);
    await place.store.delete([`${prefix}a`, `${prefix}missing`, `${prefix}a`, `${prefix}c`]);
    await place.store.delete([`${prefix}a`, `${prefix}missing`]);
    expect(await place.keys(prefix)).toEqual([`${prefix}b`]);
    await place.store.put(`${prefix}a`, Buffer.from('again'));
    expect((await place.read(`${prefix}a`)).toString()).toBe('again');
  });

  law('writes and deletes side by side in one place', async () => {
    const prefix = newPrefix();
    const lane = async (number: number) => {
      for (let round = 0; round < 25; round++) {
        const key = `${prefix}same-bucket/${number}-${round}`;
        await place.store.put(key, number % 2 ? Buffer.from(key) : inChunks(Buffer.from(key), 10));
        expect((await place.read(key)).toString()).toBe(key);
        await place.store.delete([key]);
      }
    };
    await Promise.all([1, 2, 3, 4, 5, 6].map(lane));
    expect(await place.keys(prefix)).toEqual([]);
  });
}
