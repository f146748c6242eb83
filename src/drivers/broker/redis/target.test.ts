import { describe, expect, test } from 'vitest';
import { formatAddress } from '../../../base/address.ts';
import { parseTarget } from './target.ts';

describe('a redis URL', () => {
  test('says as little as a host, or all that there is', () => {
    expect(parseTarget('redis://cache')).toEqual({
      host: 'cache',
      port: 6379,
      username: undefined,
      password: undefined,
      database: 0,
      prefix: 'holdfast',
      tls: undefined,
    });
    expect(parseTarget('rediss://me:p%40ss%2F%C3%A9@[::1]:7000/3?prefix=files.prod')).toEqual({
      host: '::1',
      port: 7000,
      username: 'me',
      password: 'p@ss/é',
      database: 3,
      prefix: 'files.prod',
      tls: { ca: undefined },
    });
    expect(parseTarget('redis://:secret@cache/').password).toBe('secret');
  });

  test.each([
    ['redis:', 'no host'],
    ['redis://', 'no host'],
    ['redis://:secret@host:99999', 'not a URL'],
    ['redis://:secret@host/files', 'not the number of a database'],
    ['redis://:secret@host?perfix=x', 'no parameter "perfix"'],
    ['redis://:secret@host?ca=/x', 'no parameter "ca"'],
    ['redis://:secret@host?prefix=', 'the prefix is'],
    ['redis://:secret@host?prefix=a{b}', 'the prefix is'],
    ['redis://:s%zz@host', 'user or password'],
    ['rediss://:secret@host?ca=/there/is/none', 'cannot be read'],
  ])('that is not one is refused without its password: %s', (url, why) => {
    expect(() => parseTarget(url)).toThrow(why);
    expect(() => parseTarget(url)).toThrow(/^BROKER_URL: (?!.*secret)[^\n]+$/);
  });

  test('names its server as an operator reads it', () => {
    expect(formatAddress(parseTarget('redis://[::1]'))).toBe('[::1]:6379');
    expect(formatAddress(parseTarget('redis://cache:7'))).toBe('cache:7');
  });
});
