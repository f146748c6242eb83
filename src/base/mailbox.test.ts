import { expect, test } from 'vitest';
import { isMailAddress, parseMailbox } from './mailbox.ts';

test.each(['ada@example.com', 'a.b+c@x', 'josé@bücher.example', 'x@localhost', "o'neil_1-2@a-b.c"])(
  'a mail can go to %s',
  (address) => expect(isMailAddress(address)).toBe(true),
);

test.each([
  '',
  'ada',
  '@example.com',
  'ada@',
  'a@b@c.com',
  'a,b@example.com',
  'a<b@example.com',
  'a>b@example.com',
  '"a b"@example.com',
  '"a"@example.com',
  'a b@example.com',
  'a@example.com\r\nBcc: all@example.com',
  'a\n@example.com',
  'a@example.com>',
  'a@example.com,b@example.com',
  'a;b@example.com',
  'a:b@example.com',
  'a(b)@example.com',
  'a\\@example.com',
  'a..b@example.com',
  '.a@example.com',
  'a@-b.com',
  'a@b..com',
  'a@[127.0.0.1]',
  'a\u202eb@example.com',
  'a\u0085b@example.com',
  `${'a'.repeat(65)}@example.com`,
  `a@${'b'.repeat(255)}`,
])('no mail goes to %j', (address) => expect(isMailAddress(address)).toBe(false));

test.each([
  ['files@example.com', { name: '', address: 'files@example.com' }],
  ['Holdfast <files@example.com>', { name: 'Holdfast', address: 'files@example.com' }],
  [' "Ada, Grace & Co." <files@example.com> ', { name: 'Ada, Grace & Co.', address: 'files@example.com' }],
  ['<files@example.com>', { name: '', address: 'files@example.com' }],
  ['Holdfast', undefined],
  ['Holdfast <files>', undefined],
  ['a@example.com, b@example.com', undefined],
  ['Hold\nfast <files@example.com>', undefined],
  ['<a@example.com> <b@example.com>', undefined],
])('%j is from %j', (text, mailbox) => expect(parseMailbox(text)).toEqual(mailbox));
