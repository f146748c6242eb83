import { expect, test } from 'vitest';
import { clientRow, networkOf } from './client.ts';

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002::', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('%s is counted as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test('rows hold addresses and plain, short agents', () => {
  expect(clientRow(undefined)).toEqual({ address: '', user_agent: '' });
  expect(clientRow({ address: 'evil\nname', userAgent: 'a\r\nb\u{1f600}' })).toEqual({
    address: '',
    user_agent: 'a??b??',
  });
  expect(clientRow({ address: '::1', userAgent: 'x'.repeat(10_000) }).user_agent).toHaveLength(256);
});
