import { expect, test } from 'vitest';
import { clientRow } from './client.ts';

test('rows hold addresses and plain, short agents', () => {
  expect(clientRow(undefined)).toEqual({ address: '', user_agent: '' });
  expect(clientRow({ address: 'evil\nname', userAgent: 'a\r\nb\u{1f600}' })).toEqual({
    address: '',
    user_agent: 'a??b??',
  });
  expect(clientRow({ address: '::1', userAgent: 'x'.repeat(10_000) }).user_agent).toHaveLength(256);
});
