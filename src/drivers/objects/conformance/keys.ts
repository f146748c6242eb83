import { array, assert, asyncProperty, constantFrom, string, uniqueArray } from 'fast-check';
import { expect } from 'vitest';
import type { Law } from '../../laws.ts';
import { MAX_KEY_LENGTH } from '../keys.ts';
import { inChunks } from './bodies.ts';
import { listAll, newPrefix, type Place } from './place.ts';

/** Few characters, and those next to the slash in order above all, so that keys are much alike. */
const segment = array(constantFrom('a', 'b', '-', '.', '0', '_', 'z', 'abcdefgh'), { minLength: 1, maxLength: 4 })
  .map((characters) => characters.join(''))
  .filter((text) => text !== '.' && text !== '..');

const keyRest = array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));

export const byBytes = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

const INVALID = [
  '',
  '/',
  'a/',
  '/a',
  'a//b',
  '.',
  '..',
  'a/../b',
  './a',
  'a/.',
  'A',
  'ä',
  'a b',
  'a~b',
  'a\\b',
  'a\0b',
  'a%2fb',
  'a\n',
  'a'.repeat(MAX_KEY_LENGTH + 1),
];

export function keyLaws(law: Law, place: Place): void {
  law('keeps keys apart, however much alike, and lists them by their bytes', async () => {
    await assert(
      asyncProperty(
        uniqueArray(keyRest, { minLength: 1, maxLength: 12 }),
        segment,
        keyRest,
        async (rests, some, after) => {
          const prefix = newPrefix();
          await Promise.all(rests.map((rest) => place.store.put(prefix + rest, Buffer.from(rest))));
          for (const rest of rests) expect((await place.read(prefix + rest)).toString()).toBe(rest);

          const sorted = rests.map((rest) => prefix + rest).sort(byBytes);
          for (const limit of [1, 3, 1_000]) {
            const found = await listAll(place.store, prefix, limit);
            expect(found.map(({ key }) => key)).toEqual(sorted);
          }
          const narrow = await place.store.list(prefix + some, { after: prefix + after, limit: 1_000 });
          expect(narrow.map(({ key }) => key)).toEqual(
            sorted.filter((key) => key.startsWith(prefix + some) && key > prefix + after),
          );
          await place.store.delete(sorted);
          expect(await place.keys(prefix)).toEqual([]);
        },
      ),
      { numRuns: 25 },
    );
  });

  law('takes keys of any length up to the longest', async () => {
    const prefix = newPrefix();
    const long = prefix + 'x'.repeat(MAX_KEY_LENGTH - prefix.length);
    const deep = prefix + 'y/'.repeat((MAX_KEY_LENGTH - prefix.length) / 2).slice(0, -1);
    for (const key of [long, deep]) await place.store.put(key, Buffer.from(key));
    for (const key of [long, deep]) expect((await place.read(key)).toString()).toBe(key);
    expect(await place.keys(prefix)).toEqual([long, deep]);
  });

  law('refuses what is no key, everywhere', async () => {
    const { store } = place;
    const refused = async (action: Promise<unknown>) =>
      expect(action).rejects.toMatchObject({ code: 'invalid_request' });
    const check = async (key: string) => {
      const expiresAt = new Date(Date.now() + 60_000);
      const body = inChunks(Buffer.from('body'));
      await refused(store.put(key, body));
      expect(body.destroyed).toBe(true);
      await refused(store.get(key));
      await refused(store.head(key));
      await refused(store.move(key, 'a'));
      await refused(store.move('a', key));
      await refused(store.delete(['a', key]));
      await refused(store.createMultipart(key, 'text/plain'));
      await refused(store.signPut(key, { size: 1, contentType: 'text/plain', expiresAt }));
      await refused(store.signGet(key, { contentType: 'text/plain', contentDisposition: 'inline', expiresAt }));
    };
    for (const key of INVALID) await check(key);
    const other = string({ minLength: 1, unit: 'grapheme' }).filter((text) => /[^a-z0-9._/-]/.test(text));
    await assert(asyncProperty(other, check), { numRuns: 50 });
  });

  law('refuses a prefix that no key begins with, and a limit that is none', async () => {
    for (const prefix of ['/', 'a//', '../', 'A', 'a/../']) {
      await expect(place.store.list(prefix, { limit: 1 })).rejects.toMatchObject({ code: 'invalid_request' });
    }
    for (const limit of [0, -1, 1.5, 1_001]) {
      await expect(place.store.list('', { limit })).rejects.toMatchObject({ code: 'invalid_request' });
    }
  });
}
