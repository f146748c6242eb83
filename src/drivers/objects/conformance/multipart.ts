import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import { newId } from '../../../base/ids.ts';
import type { Law } from '../../laws.ts';
import type { PartInfo } from '../port.ts';
import { pattern } from './bodies.ts';
import { newKey, type Place, readBody } from './place.ts';

/** The least size of a part but the last that every store takes. */
const PART = 5 * 1024 * 1024;

const soon = () => new Date(Date.now() + 60_000);

/** An upload in parts, as a client and our server see it. */
class Upload {
  readonly place: Place;
  readonly key: string;
  readonly id: string;

  constructor(place: Place, key: string, id: string) {
    this.place = place;
    this.key = key;
    this.id = id;
  }

  static async begin(place: Place, key = newKey()): Promise<Upload> {
    return new Upload(place, key, await place.store.createMultipart(key, 'application/octet-stream'));
  }

  async send(number: number, bytes: Uint8Array, size = bytes.length): Promise<number> {
    const options = { multipartId: this.id, number, size, expiresAt: soon() };
    return (await this.place.send(await this.place.store.signPart(this.key, options), bytes)).status;
  }

  parts = (): Promise<PartInfo[]> => this.place.store.listParts(this.key, this.id);

  complete = (parts: readonly PartInfo[]): Promise<void> =>
    this.place.store.completeMultipart(this.key, this.id, parts);
}

export function multipartLaws(law: Law, place: Place): void {
  law('makes one object of parts that came in any order', async () => {
    const upload = await Upload.begin(place);
    const bytes = pattern(2 * PART + 1_000);
    expect(await upload.parts()).toEqual([]);
    for (const number of [3, 1, 2]) {
      expect(await upload.send(number, bytes.subarray((number - 1) * PART, number * PART))).toBe(200);
    }
    const parts = await upload.parts();
    expect(parts.map(({ number, size }) => [number, size])).toEqual([
      [1, PART],
      [2, PART],
      [3, 1_000],
    ]);
    expect(await place.store.head(upload.key)).toBeUndefined();
    await upload.complete(parts);
    expect(await place.store.head(upload.key)).toMatchObject({ size: bytes.length });
    expect((await place.read(upload.key)).equals(bytes)).toBe(true);
    for (const [first, last] of [
      [PART - 1, PART],
      [0, 0],
      [PART, 2 * PART + 5],
      [2 * PART, bytes.length - 1],
    ] as const) {
      const read = await readBody(place.store, upload.key, { first, last });
      expect(read.equals(bytes.subarray(first, last + 1))).toBe(true);
    }
    expect(await place.keys(upload.key)).toEqual([upload.key]);
    await place.expectNoResidue();
  });

  law('takes the later of two parts with one number', async () => {
    const upload = await Upload.begin(place);
    await upload.send(1, pattern(PART, 1));
    const [first] = await upload.parts();
    await upload.send(1, pattern(PART, 2));
    await upload.send(2, pattern(100, 3));
    const parts = await upload.parts();
    expect(parts).toHaveLength(2);
    expect(parts[0]?.etag).not.toBe(first?.etag);
    await upload.complete(parts);
    const wanted = Buffer.concat([pattern(PART, 2), pattern(100, 3)]);
    expect((await place.read(upload.key)).equals(wanted)).toBe(true);
    await place.expectNoResidue();
  });

  law('keeps nothing of a part of the wrong size', async () => {
    const upload = await Upload.begin(place);
    for (const length of [99, 101]) expect(await upload.send(1, pattern(length), 100)).toBeGreaterThanOrEqual(400);
    expect(await upload.parts()).toEqual([]);
    await place.expectNoResidue();
  });

  law('refuses to complete with parts that are not there, and can be completed afterwards', async () => {
    const upload = await Upload.begin(place);
    await upload.send(1, pattern(100));
    const [part] = (await upload.parts()) as [PartInfo];
    const lists = [
      [],
      [part, { number: 2, size: 100, etag: part.etag }],
      [{ ...part, etag: '0'.repeat(part.etag.length) }],
      [{ ...part, size: part.size - 1 }],
    ];
    for (const parts of lists) {
      await expect(upload.complete(parts)).rejects.toMatchObject({ code: 'upload_not_complete' });
      expect(await place.store.head(upload.key)).toBeUndefined();
    }
    await upload.complete([part]);
    expect((await place.read(upload.key)).equals(pattern(100))).toBe(true);
  });

  law('completes once, however often and by however many it is told to', async () => {
    const upload = await Upload.begin(place);
    await upload.send(1, pattern(PART));
    await upload.send(2, pattern(10, 1));
    const parts = await upload.parts();
    await Promise.all(Array.from({ length: 5 }, () => upload.complete(parts)));
    await upload.complete(parts);
    expect(await place.store.head(upload.key)).toMatchObject({ size: PART + 10 });
    expect(await upload.parts()).toEqual([]);
    expect(await upload.send(1, pattern(PART, 2))).toBeGreaterThanOrEqual(400);
    expect((await place.read(upload.key)).equals(Buffer.concat([pattern(PART), pattern(10, 1)]))).toBe(true);
    await place.expectNoResidue();
  });

  law('completes onto no other object', async () => {
    const upload = await Upload.begin(place);
    await upload.send(1, pattern(10));
    await place.store.put(upload.key, Buffer.from('there already'));
    await expect(upload.complete(await upload.parts())).rejects.toMatchObject({ code: 'conflict' });
    expect((await place.read(upload.key)).toString()).toBe('there already');

    const other = await Upload.begin(place);
    const rival = await Upload.begin(place, other.key);
    for (const one of [other, rival]) await one.send(1, pattern(10, one === other ? 1 : 2));
    await other.complete(await other.parts());
    await expect(rival.complete(await rival.parts())).rejects.toMatchObject({ code: 'conflict' });
    expect((await place.read(other.key)).equals(pattern(10, 1))).toBe(true);
  });

  law('forgets an upload that is aborted', async () => {
    const upload = await Upload.begin(place);
    await upload.send(1, pattern(PART));
    const parts = await upload.parts();
    for (let time = 0; time < 2; time++) await place.store.abortMultipart(upload.key, upload.id);
    expect(await upload.parts()).toEqual([]);
    expect(await upload.send(1, pattern(PART))).toBeGreaterThanOrEqual(400);
    await expect(upload.complete(parts)).rejects.toMatchObject({ code: 'not_found' });
    expect(await place.store.head(upload.key)).toBeUndefined();
    await place.expectNoResidue();
  });

  law('lists the uploads in parts that were begun before a time', async () => {
    const [open, completed, aborted] = [
      await Upload.begin(place),
      await Upload.begin(place),
      await Upload.begin(place),
    ];
    await completed.send(1, pattern(10));
    await completed.complete(await completed.parts());
    await place.store.abortMultipart(aborted.key, aborted.id);
    const keysBefore = async (time: number) =>
      (await place.store.listMultipart(new Date(time))).map(({ key, multipartId }) => `${key} ${multipartId}`);
    const names = [open, completed, aborted].map(({ key, id }) => `${key} ${id}`);
    const later = await keysBefore(Date.now() + 60_000);
    expect(names.map((name) => later.includes(name))).toEqual([true, false, false]);
    const earlier = await keysBefore(Date.now() - 3_600_000);
    expect(names.some((name) => earlier.includes(name))).toBe(false);
  });

  law('lists the oldest of them first, whatever their keys', async () => {
    await place.withEmpty(async (store) => {
      const keys = ['c/c', 'a/a', 'b/b'];
      const expected = [];
      for (const key of keys) {
        expected.push({ key, multipartId: await store.createMultipart(key, 'text/plain') });
        // Stores keep whole seconds.
        await wait(1_050);
      }
      expect(await store.listMultipart(new Date(Date.now() + 60_000))).toEqual(expected);
      for (const { key, multipartId } of expected) await store.abortMultipart(key, multipartId);
    });
  });

  law('moves and deletes an object that came in parts like any other', async () => {
    const upload = await Upload.begin(place);
    const bytes = pattern(PART + 10);
    await upload.send(1, bytes.subarray(0, PART));
    await upload.send(2, bytes.subarray(PART));
    await upload.complete(await upload.parts());
    const to = newKey();
    await expect(place.store.put(upload.key, Buffer.from('x'))).rejects.toMatchObject({ code: 'conflict' });
    await place.store.move(upload.key, to);
    await place.store.move(upload.key, to);
    expect(await place.store.head(upload.key)).toBeUndefined();
    expect((await place.read(to)).equals(bytes)).toBe(true);
    const other = newKey();
    await place.store.put(other, Buffer.from('other'));
    await expect(place.store.move(other, to)).rejects.toMatchObject({ code: 'conflict' });
    await expect(place.store.move(to, other)).rejects.toMatchObject({ code: 'conflict' });
    await place.store.delete([to]);
    expect(await place.store.head(to)).toBeUndefined();
    expect(await place.keys(to)).toEqual([]);
    await place.expectNoResidue();
  });

  law('refuses parts without a number and uploads without an id', async () => {
    const upload = await Upload.begin(place);
    for (const number of [0, -1, 1.5, 10_001]) {
      const signed = place.store.signPart(upload.key, { multipartId: upload.id, number, size: 1, expiresAt: soon() });
      await expect(signed).rejects.toMatchObject({ code: 'invalid_request' });
    }
    // Of an upload that is none there are no parts.
    expect(await place.store.listParts(upload.key, newId())).toEqual([]);
  });
}
