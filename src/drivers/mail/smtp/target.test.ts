import { describe, expect, test } from 'vitest';
import { formatAddress } from '../../../base/address.ts';
import { parseTarget } from './target.ts';

describe('an smtp URL', () => {
  test('says as little as a host, or all that there is', () => {
    expect(parseTarget('smtp://mail.example.com')).toEqual({
      host: 'mail.example.com',
      port: 587,
      user: undefined,
      password: undefined,
      tls: 'required',
      ca: undefined,
      name: undefined,
      poolSize: 3,
    });
    expect(
      parseTarget('smtps://me%40example.com:p%40ss%2F%C3%A9@[::1]:7000/?name=files.example.com&pool_size=9'),
    ).toEqual({
      host: '::1',
      port: 7000,
      user: 'me@example.com',
      password: 'p@ss/é',
      tls: 'always',
      ca: undefined,
      name: 'files.example.com',
      poolSize: 9,
    });
    expect(parseTarget('smtps://mail').port).toBe(465);
  });

  test.each([
    ['smtp://mail', 'required'],
    ['smtp://127.0.0.1', 'optional'],
    ['smtp://localhost', 'optional'],
    ['smtp://mail?tls=optional', 'optional'],
    ['smtp://mail?tls=never', 'never'],
    ['smtp://127.0.0.1?tls=required', 'required'],
  ])('crosses a network with TLS alone, unless it says otherwise: %s', (url, tls) => {
    expect(parseTarget(url).tls).toBe(tls);
  });

  test.each([
    ['smtp:', 'no host'],
    ['smtp://', 'no host'],
    ['smtp://me:secret@host:99999', 'not a URL'],
    ['smtp://me:secret@host/inbox', 'nothing comes after'],
    ['smtp://me:secret@host?tsl=never', 'no parameter "tsl"'],
    ['smtp://me:secret@host?tls=perhaps', 'required, optional or never'],
    ['smtps://me:secret@host?tls=never', 'always TLS'],
    ['smtp://:secret@host', 'not both'],
    ['smtp://secret@host', 'not both'],
    ['smtp://me:s%zz@host', 'user or password'],
    ['smtp://me:secret@host?ca=/there/is/none', 'cannot be read'],
    ['smtp://me:secret@host?name=a%0d%0ab', 'name is not'],
    ['smtp://me:secret@host?pool_size=0', 'pool_size'],
  ])('that is not one is refused without its password: %s', (url, why) => {
    expect(() => parseTarget(url)).toThrow(why);
    expect(() => parseTarget(url)).toThrow(/^SMTP_URL: (?!.*secret)[^\n]+$/);
  });

  test('names its server as an operator reads it', () => {
    expect(formatAddress(parseTarget('smtp://[::1]'))).toBe('[::1]:587');
    expect(formatAddress(parseTarget('smtps://mail'))).toBe('mail:465');
  });
});
