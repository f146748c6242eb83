import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { expect, test } from 'vitest';
import { parseClientGrant } from '../base/client-grant.ts';
import { DESCRIPTORS } from '../contract/descriptors.ts';
import { ACCESS, accessWith } from './access.ts';
import { methodsOf } from './contract.ts';
import { ALL_CONTRACTS } from './contracts.ts';
import { SERVICES } from './tls/identity.ts';

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, DESCRIPTORS));
const described = [...registry].filter((type) => type.kind === 'service');
const paths = ALL_CONTRACTS.flatMap(methodsOf).map(([, , path]) => path);

test('every contract has a service that answers it', () => {
  expect(ALL_CONTRACTS.map(({ fullName }) => fullName).sort()).toEqual(
    described.map(({ typeName }) => typeName).sort(),
  );
});

test('every method may be called by somebody', () => {
  const granted = new Set(Object.values(ACCESS).flatMap(({ calls }) => calls));
  expect(paths.filter((path) => !granted.has(path))).toEqual([]);
});

test('the table names only methods that are, and services that are', () => {
  const rows = Object.entries(ACCESS);
  expect(rows.flatMap(([, { calls }]) => calls).filter((path) => !paths.includes(path))).toEqual([]);
  expect(rows.map(([name]) => name).filter((name) => !(SERVICES as readonly string[]).includes(name))).toEqual([]);
});

test('only the gateway speaks for users', () => {
  const named = Object.entries(ACCESS).filter(([, { forwardsPrincipals }]) => forwardsPrincipals);
  expect(named.map(([name]) => name)).toEqual(['gateway']);
});

test('whoever may call what names an owner may act for one', () => {
  const naming = described
    .flatMap(({ methods }) => methods)
    .filter(({ input }) => input.fields.some(({ name }) => name === 'owner_id'))
    .map(({ parent, name }) => `/${parent.typeName}/${name}`);
  const inVain = Object.entries(ACCESS).flatMap(([name, { calls, actsForOwners }]) =>
    actsForOwners ? [] : calls.filter((path) => naming.includes(path)).map((path) => `${name} ${path}`),
  );
  expect(naming).toContain('/holdfast.v1.FileService/GetFile');
  expect(inVain).toEqual([]);
});

test('every method says whether it may be repeated', () => {
  const silent = described
    .flatMap(({ methods }) => methods)
    .filter(({ proto }) => !proto.options || !Object.hasOwn(proto.options, 'idempotencyLevel'))
    .map(({ parent, name }) => `${parent.typeName}/${name}`);
  expect(silent).toEqual([]);
});

test('methods that read by their names change nothing by their contract, and the other way round', () => {
  const reads = /^(Get|List|Inspect|Read|Resolve|Check|Authenticate|Sign(?!Up$)|GenerateDownload)/;
  for (const [, { name, options }] of ALL_CONTRACTS.flatMap(methodsOf)) {
    expect([name, options.idempotencyLevel === 'NO_SIDE_EFFECTS']).toEqual([
      name,
      reads.test(name) || name === 'SignUpload',
    ]);
  }
});

test('other back ends may what their row says', () => {
  const access = accessWith([
    { name: 'billing', may: 'all' },
    { name: 'reports', may: 'read' },
    { name: 'console', may: 'admin' },
  ]);
  const file = (method: string) => `/holdfast.v1.FileService/${method}`;
  expect(access['client/billing']?.calls).toContain(file('DeleteFile'));
  expect(access['client/reports']?.calls).toEqual(
    ['GetUpload', 'GetFile', 'ListFiles', 'GenerateDownloadURL', 'ListJobs', 'GetJob', 'GetUsage'].map(file),
  );
  expect(access['client/console']?.calls).toEqual(
    expect.arrayContaining([file('DeleteFile'), '/holdfast.v1.FileAdminService/SetQuota']),
  );
  expect(access['client/billing']?.calls.every((path) => path.startsWith('/holdfast.v1.FileService/'))).toBe(true);
  expect(access['client/billing']?.forwardsPrincipals).toBeUndefined();
  expect(access.gateway).toBe(ACCESS.gateway);
});

test.each([
  ['billing', { name: 'billing', may: 'all' }],
  ['reports:read', { name: 'reports', may: 'read' }],
  ['console:admin', { name: 'console', may: 'admin' }],
  ['', undefined],
  ['billing:write', undefined],
  ['Billing', undefined],
  ['a/b', undefined],
])('%j grants %j', (text, grant) => expect(parseClientGrant(text)).toEqual(grant));
