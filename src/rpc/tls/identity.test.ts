import fc from 'fast-check';
import { expect, test } from 'vitest';
import { entriesOf, idOf, isName, namesOf } from './identity.ts';

test.each([
  ['URI:spiffe://holdfast/files', ['files']],
  ['DNS:localhost, URI:spiffe://holdfast/files, IP Address:127.0.0.1', ['files']],
  ['URI:spiffe://holdfast/files, URI:spiffe://holdfast/storage', ['files', 'storage']],
  ['URI:spiffe://holdfast/client/billing', ['client/billing']],
  ['', []],
  ['DNS:files', []],
  ['URI:spiffe://elsewhere/files', []],
  ['URI:spiffe://holdfast/files/', []],
  ['URI:spiffe://holdfast/a/b/c', []],
  ['URI:spiffe://holdfast/Files', []],
  ['URI:spiffe://holdfast/../gateway', []],
  ['URI:http://spiffe://holdfast/gateway', []],
  // Quoted values are whole values, whatever they hold.
  ['DNS:"a, URI:spiffe://holdfast/gateway, b"', []],
  ['URI:"spiffe://holdfast/gateway"', []],
  ['DNS:"a\\", URI:spiffe://holdfast/gateway, DNS:b"', []],
  // What cannot be read whole names nobody.
  ['URI:spiffe://holdfast/gateway, DNS:"a', []],
  ['URI:spiffe://holdfast/gateway, nonsense', []],
])('%s is for %j', (text, names) => {
  expect(namesOf(text)).toEqual(names);
});

test('no other entry can name a service', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      const written = /[",\\ ]/.test(value) ? JSON.stringify(value) : value;
      expect(namesOf(`DNS:${written}, URI:spiffe://holdfast/files`).filter((name) => name !== 'files')).toEqual([]);
    }),
  );
});

test('entries are what they are', () => {
  expect(entriesOf('DNS:localhost, IP Address:0:0:0:0:0:0:0:1, URI:spiffe://holdfast/files')).toEqual([
    { kind: 'DNS', value: 'localhost' },
    { kind: 'IP Address', value: '0:0:0:0:0:0:0:1' },
    { kind: 'URI', value: 'spiffe://holdfast/files' },
  ]);
});

test('names are names', () => {
  expect(idOf('files')).toBe('spiffe://holdfast/files');
  expect(['files', 'client/billing', 'client/b.2_x-y'].map(isName)).toEqual([true, true, true]);
  expect(['', 'Files', 'a b', '../x', 'client/', 'a/b/c', 'x'.repeat(64)].some(isName)).toBe(false);
});
