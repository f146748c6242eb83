import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { StartError } from '../start-error.ts';
import { checkApart, readSide } from './side.ts';

const read = (list: string) => readSide(list, '--from');

describe('a side of a copy', () => {
  test('is a data directory, with blanks in its name too', () => {
    expect(read('/srv/my files, all')).toEqual({
      databaseUrl: 'sqlite:/srv/my%20files,%20all/holdfast.db',
      storageUrl: 'file:/srv/my%20files,%20all/objects',
      dataDir: '/srv/my files, all',
    });
    expect(read('./data').dataDir).toBe(resolve('data'));
  });

  test.each([
    'postgres://a:b@c/d s3://bucket',
    's3://bucket,postgres://a:b@c/d',
    ' postgres://a:b@c/d ,\n s3://bucket ',
  ])('is a list of URLs in any order: %j', (list) => {
    expect(read(list)).toEqual({
      databaseUrl: 'postgres://a:b@c/d',
      storageUrl: 's3://bucket',
      dataDir: undefined,
    });
  });

  test('is a data directory for what no URL names', () => {
    expect(read('/srv/data s3://bucket').databaseUrl).toBe('sqlite:/srv/data/holdfast.db');
    expect(read('mysql://a:b@c/d /srv/data').storageUrl).toBe('file:/srv/data/objects');
    expect(read('/srv/data sqlite: file:')).toEqual(read('/srv/data'));
  });

  test('knows the data directory of a database in it, which a server may have', () => {
    expect(read('sqlite:/srv/data/holdfast.db s3://bucket').dataDir).toBe('/srv/data');
    expect(read('sqlite:///srv/data/holdfast.db file:///srv/data/objects/')).toEqual(read('/srv/data'));
    expect(read('sqlite:/srv/other.db s3://bucket').dataDir).toBeUndefined();
  });

  test.each([
    '',
    'postgres://a/b',
    's3://bucket',
    'sqlite: s3://bucket',
    'postgres://a/b file:',
    'postgres://a/b mysql://a/b s3://c',
    'postgres://a/b s3://c s3://d',
    'postgres://a/b redis://c',
  ])('is refused where it is not whole: %j', (list) => {
    expect(() => read(list)).toThrow(StartError);
    expect(() => read(list)).toThrow(/^--from: .*Expected/);
  });

  test('is not the other side, in part neither', () => {
    const data = read('/srv/data');
    expect(() => checkApart(data, read('/srv/data/'))).toThrow('same database');
    expect(() => checkApart(data, read('sqlite:/srv/data/../data/holdfast.db s3://b'))).toThrow('same database');
    expect(() => checkApart(data, read('mysql://a/b file:///srv/data/objects/'))).toThrow(
      /same object store\. One of the two cannot be moved alone/,
    );
    expect(() => checkApart(data, read('/srv/other'))).not.toThrow();
  });
});
