import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { isLoopback, isRange, networkOf, plainAddress } from './network.ts';

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

test('an address is read as proxies write it, and nothing else is one', () => {
  for (const address of ['203.0.113.7', '203.0.113.7:5678']) expect(plainAddress(address)).toBe('203.0.113.7');
  for (const address of ['2001:db8::1', '[2001:db8::1]', '[2001:db8::1]:5678']) {
    expect(plainAddress(address)).toBe('2001:db8::1');
  }
  for (const none of ['', 'unknown', '_hidden', '203.0.113:1', '999.0.0.1:1', '[]', '[203.0.113.7', 'a'.repeat(1e6)]) {
    expect(plainAddress(none), none.slice(0, 20)).toBeUndefined();
  }
});

test('this machine is known by its address, and by no name that only begins like it', () => {
  for (const host of ['localhost', '::1', '127.0.0.1', '127.8.9.10']) expect(isLoopback(host)).toBe(true);
  for (const host of ['127.evil.example', '127.0.0.1.example', '10.0.0.1', '::2', '']) {
    expect(isLoopback(host)).toBe(false);
  }
});

test('ranges of addresses are those that a proxy may be trusted by', () => {
  const ranges = ['10.0.0.1', '10.0.0.0/8', '0.0.0.1/32', '::1', 'fd00::/8', '2001:db8::/128'];
  for (const range of ranges) expect(isRange(range), range).toBe(true);
  const none = [
    '',
    'true',
    '1',
    'proxy.internal',
    '10.0.0.0/0',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    'fd00::/129',
  ];
  for (const text of none) expect(isRange(text), text).toBe(false);
  for (const range of ranges) expect(() => Fastify({ trustProxy: [range] })).not.toThrow();
});
