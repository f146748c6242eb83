import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newId } from '../../base/ids.ts';
import { inboxKeysOf } from './inbox-keys.ts';
import { parseEvents } from './parse-events.ts';

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
const record = (eventName: string, key: string, bucket = 'files') => ({
  eventVersion: '2.1',
  eventSource: 'aws:s3',
  eventName,
  s3: { s3SchemaVersion: '1.0', bucket: { name: bucket }, object: { key, size: 1 } },
});

describe('the objects that came', () => {
  it.each([
    ['AWS', { Records: [record('ObjectCreated:Put', 'a')] }],
    ['Ceph', { Records: [record('ObjectCreated:Copy', 'a')] }],
    ['MinIO', { EventName: 's3:ObjectCreated:Put', Key: 'files/a', Records: [record('s3:ObjectCreated:Put', 'a')] }],
    [
      'EventBridge',
      {
        version: '0',
        'detail-type': 'Object Created',
        source: 'aws.s3',
        detail: { version: '0', bucket: { name: 'files' }, object: { key: 'a', size: 1 }, reason: 'PutObject' },
      },
    ],
  ])('are told by %s', (_, message) => {
    expect(parseEvents(bytes(message))).toEqual([{ bucket: 'files', name: 'a' }]);
  });

  it('are all of those in one message, in their order', () => {
    const records = Array.from({ length: 10_000 }, (_, n) => record('ObjectCreated:Put', `k${n}`));
    expect(parseEvents(bytes({ Records: records }))?.map(({ name }) => name)).toEqual(
      records.map(({ s3 }) => s3.object.key),
    );
  });

  it('are none in events of other kinds and in tests of the store', () => {
    for (const message of [
      { Records: [record('ObjectRemoved:Delete', 'a'), record('s3:ObjectAccessed:Get', 'a'), record('', 'a')] },
      { Records: [] },
      { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'files' },
      { 'detail-type': 'Object Deleted', detail: { bucket: { name: 'files' }, object: { key: 'a' } } },
    ]) {
      expect(parseEvents(bytes(message))).toEqual([]);
    }
  });

  it('are left out where a record is damaged, and the others are told', () => {
    const damaged = [null, 1, 'x', [], {}, { eventName: 'ObjectCreated:Put' }, { ...record('', ''), eventName: 3 }];
    const holes = [
      { s3: null },
      { s3: { bucket: {}, object: {} } },
      { s3: { bucket: { name: 1 }, object: { key: 2 } } },
    ];
    const Records = [
      ...damaged,
      ...holes.map((hole) => ({ ...record('ObjectCreated:Put', 'x'), ...hole })),
      record('ObjectCreated:Put', 'a'),
    ];
    expect(parseEvents(bytes({ Records }))).toEqual([{ bucket: 'files', name: 'a' }]);
  });

  it.each(['', 'no', '{"Records"', '[]', '[1]', '7', 'null', '"x"', '{}', '{"Records":7}', '{"a":[]}'])(
    '%j is no message of a store',
    (text) => {
      expect(parseEvents(Buffer.from(text)) ?? []).toEqual([]);
      if (!text.startsWith('[')) expect(parseEvents(Buffer.from(text))).toBeUndefined();
    },
  );

  it('are read out of any JSON and any bytes without harm', () => {
    const told = fc.oneof(
      fc.json(),
      fc.record({ Records: fc.jsonValue() }).map((value) => JSON.stringify(value)),
      fc
        .array(fc.record({ eventName: fc.constant('ObjectCreated:Put'), s3: fc.jsonValue() }))
        .map((Records) => JSON.stringify({ Records })),
    );
    fc.assert(
      fc.property(fc.oneof(told.map(Buffer.from), fc.uint8Array()), (body) => {
        for (const { bucket, name } of parseEvents(body as Uint8Array) ?? []) {
          expect([typeof bucket, typeof name]).toEqual(['string', 'string']);
        }
      }),
    );
  });
});

describe('keys of uploads', () => {
  const root = fc.constantFrom('', 'data/', "a.b/(c)_d!*'/data/");
  const written = fc.constantFrom(
    (name: string) => name,
    // As MinIO writes it, and as AWS does.
    (name: string) => encodeURIComponent(name),
    (name: string) => name.split('/').map(encodeURIComponent).join('/'),
    (name: string) => new URLSearchParams({ name }).toString().slice('name='.length),
  );

  it('are found however they are written, each once', () => {
    fc.assert(
      fc.property(root, fc.array(written, { minLength: 1 }), (prefix, ways) => {
        const key = `in/${newId()}`;
        const arrivals = ways.map((way) => ({ bucket: 'files', name: way(prefix + key) }));
        expect([...inboxKeysOf(arrivals, { bucket: 'files', root: prefix })]).toEqual([key]);
      }),
    );
  });

  it('are none in other buckets and under other prefixes', () => {
    const key = `in/${newId()}`;
    const place = { bucket: 'files', root: 'mine/data/' };
    const told = (bucket: string, name: string) => [...inboxKeysOf([{ bucket, name }], place)];
    expect(told('files', `mine/data/${key}`)).toEqual([key]);
    expect(told('other', `mine/data/${key}`)).toEqual([]);
    for (const prefix of ['', 'data/', 'yours/data/', 'mine/', '/mine/data/', 'x/mine/data/']) {
      expect(told('files', prefix + key)).toEqual([]);
    }
  });

  it('are none of any other name', () => {
    const id = newId();
    const place = { bucket: 'files', root: 'data/' };
    const told = (name: string) => [...inboxKeysOf([{ bucket: 'files', name }], place)];
    const near = ['in/', `in/${id}x`, `in/${id}/x`, `in//${id}`, `IN/${id}`, `in/${id.toUpperCase()}`, `%in/${id}`];
    for (const name of [...near, `${id}/${id}/original.jpg`]) expect(told(`data/${name}`)).toEqual([]);
    const nothing = fc.property(
      fc.constantFrom('', 'data/', 'data/in/'),
      fc.string({ unit: 'binary' }),
      (before, rest) => {
        expect(told(before + rest)).toEqual([]);
      },
    );
    fc.assert(nothing);
  });
});
