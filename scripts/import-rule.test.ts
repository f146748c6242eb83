import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkImports } from './import-rule.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-import-rule-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function plant(files: Record<string, string>) {
  for (const [path, source] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), source);
  }
  return checkImports(folder);
}

describe('a forbidden import is found', () => {
  test.each([
    ['contract knows nobody', 'contract/a.ts', '../base/errors.ts'],
    ['base knows nobody', 'base/a.ts', '../contract/holdfast/v1/file.ts'],
    ['base does not know the configuration', 'base/a.ts', '../config.ts'],
    ['rpc knows no service', 'rpc/a.ts', '../services/files/index.ts'],
    ['a service does not know another', 'services/files/jobs/a.ts', '../../storage/index.ts'],
    ['a service does not know one whose name its own begins', 'services/auth/a.ts', '../auth-oidc/index.ts'],
    ['a service does not know a concrete driver', 'services/files/a.ts', '../../drivers/database/sqlite/index.ts'],
    ['the outbox knows no service', 'outbox/relay.ts', '../services/files/tables.ts'],
    ['a service does not open drivers', 'services/files/a.ts', '../../drivers/database/index.ts'],
    ['a service does not know the configuration', 'services/gateway/routes/a.ts', '../../../config.ts'],
    ['a service does not know the composition root', 'services/gateway/a.ts', '../../app/index.ts'],
    ['a driver does not know another port', 'drivers/objects/disk/a.ts', '../../database/port.ts'],
    ['a driver does not know its sibling', 'drivers/objects/disk/a.ts', '../s3/index.ts'],
    ['a driver does not know a service', 'drivers/objects/disk/a.ts', '../../../services/storage/keys.ts'],
    ['a driver does not know contracts', 'drivers/objects/disk/a.ts', '../../../contract/holdfast/v1/file.ts'],
    ['a driver of store events opens no broker', 'drivers/store-events/a/b.ts', '../../broker/index.ts'],
    ['a broker knows no driver of store events', 'drivers/broker/nats/a.ts', '../../store-events/nats/target.ts'],
    ['a driver does not open drivers', 'drivers/objects/disk/a.ts', '../index.ts'],
    ['a port does not open drivers', 'drivers/objects/port.ts', './index.ts'],
    ['a port does not know its drivers', 'drivers/objects/port.ts', './disk/index.ts'],
    ['the configuration knows only base', 'config.ts', './services/files/index.ts'],
    ['nobody knows a test', 'app/a.ts', '../services/files/a.test.ts'],
    ['nobody knows a conformance suite', 'app/a.ts', '../drivers/objects/conformance.ts'],
    ['nobody leaves src', 'app/a.ts', '../../test/harness/server.ts'],
    ['an absolute path is no import', 'app/a.ts', '/etc/secrets.ts'],
  ])('%s', (_, path, target) => {
    const violations = plant({ [path]: `\nimport { x } from '${target}';\nexport const y = x;\n` });
    expect(violations).toEqual([{ where: `${path}:2`, what: expect.stringContaining(target) }]);
  });

  test.each([
    ["import type { X } from '../storage/index.ts'; export type Y = X;"],
    ["import { type X, x } from '../storage/index.ts'; export const y: X = x;"],
    ["import '../storage/index.ts';"],
    ["import * as x from '../storage/index.ts'; export const y = x;"],
    ["export { x } from '../storage/index.ts';"],
    ["export type { X } from '../storage/index.ts';"],
    ["export * from '../storage/index.ts';"],
    ["export type X = import('../storage/index.ts').X;"],
    ["export type X = typeof import('../storage/index.ts');"],
    ["export const x = await import('../storage/index.ts');"],
    ['export const x = await import(`../storage/index.ts`);'],
    ["export const x = import.meta.resolve('../storage/index.ts');"],
    ["export const x = new URL('../storage/child.ts', import.meta.url);"],
    ['export const x = (end: string) => new URL(`../storage/child$' + '{end}`, import.meta.url);'],
    ['export const x = (name: string) => import(`$' + '{name}/index.ts`);'],
    ["import { createRequire } from 'node:module'; const require = createRequire(''); require('../storage/index.ts');"],
    ["import x = require('../storage/index.ts'); export const y = x;"],
    ["declare const name: string; export const x = await import(name + '.ts');"],
  ])('written as %s', (source) => {
    expect(plant({ 'services/files/a.ts': source })).toHaveLength(1);
  });
});

test('what is allowed is not found', () => {
  const violations = plant({
    'contract/holdfast/v1/file.ts': "import { Timestamp } from '../../google/protobuf/timestamp.ts';",
    'base/a.ts': "import { b } from './b.ts'; import { readFile } from 'node:fs'; import pino from 'pino';",
    'rpc/a.ts': "import '../contract/x.ts'; import '../base/x.ts';",
    'services/files/jobs/a.ts': [
      "import '../b.ts'; import '../../../contract/x.ts'; import '../../../base/x.ts'; import '../../../rpc/x.ts';",
      "import '../../../drivers/database/port.ts'; import '../../../drivers/broker/port.ts';",
      "export const child = new URL('./child.ts', import.meta.url);",
      "export const folder = new URL('../../../', import.meta.url);",
      'export const asset = (name: string) => import.meta.resolve(`some-package/static/$' + '{name}`);',
    ].join('\n'),
    'services/files/a.test.ts': "import '../storage/index.ts'; import '../../drivers/database/sqlite/index.ts';",
    'drivers/objects/conformance.ts': "import '../../../test/harness/x.ts';",
    'drivers/objects/port.ts': "import '../../base/errors.ts';",
    'drivers/objects/index.ts': "import './disk/index.ts'; import './port.ts';",
    'drivers/objects/keys.ts': "import './port.ts';",
    'drivers/objects/disk/index.ts':
      "import '../port.ts'; import '../keys.ts'; import './b.ts'; import '../../../base/x.ts';",
    'config.ts': "import './base/units.ts';",
    'app/index.ts': "import '../services/files/index.ts'; import '../drivers/objects/index.ts'; import '../config.ts';",
    'app/plugin.ts': 'declare const name: string; export const x = await import(name);',
    'app/version.ts': "import '../../package.json';",
    'commands/serve.ts': "import '../app/index.ts';",
    'cli.ts': "import './commands/serve.ts'; import './config.ts'; export const x = process.env;",
  });
  expect(violations).toEqual([]);
});

describe('the environment', () => {
  test.each([
    ['export const x = process.env.PORT;'],
    ['export const x = process.env;'],
    ["export const x = process['env'];"],
    ['export const x = process?.env;'],
    ['export const x = globalThis.process.env;'],
    ['export const { env } = process;'],
    ['export const { ...x } = process;'],
    ["import { env } from 'node:process'; export const x = env;"],
    ["import { env as x } from 'process'; export const y = x;"],
    ["import p from 'node:process'; export const x = p.env;"],
    ["import * as p from 'node:process'; export const x = p.env;"],
    ['process.loadEnvFile();'],
  ])('is not read by %s', (source) => {
    const violations = plant({ 'services/files/a.ts': source });
    expect(violations).toEqual([{ where: 'services/files/a.ts:1', what: expect.stringContaining('environment') }]);
  });

  test('has namesakes that are something else', () => {
    expect(plant({ 'services/files/a.ts': 'export const x = process.pid; export const y = { env: 1 }.env;' })).toEqual(
      [],
    );
  });
});

test('a file without a place, of another language or that cannot be parsed is found', () => {
  const violations = plant({
    'helpers.ts': '',
    'services/lonely.ts': '',
    'base/a.mjs': '',
    'base/b.ts': 'const = 1;',
  });
  expect(violations.map(({ where }) => where)).toEqual(['base/a.mjs', 'base/b.ts', 'helpers.ts', 'services/lonely.ts']);
});
