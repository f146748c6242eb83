/** Who may know whom: checks every import in src/, and that only the command line reads the environment. */

import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { hasPlace, isTest, mayReadEnvironment, objection } from './import-rule/layers.ts';
import { type Reference, referencesOf } from './import-rule/references.ts';

export interface Violation {
  /** `path:line`, the path relative to src/. */
  readonly where: string;
  readonly what: string;
}

/** All that breaks the rule in a source folder. */
export function checkImports(sourceFolder: string): Violation[] {
  return readdirSync(sourceFolder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.split(sep).join('/'))
    .filter((path) => /\.[cm]?[jt]sx?$/.test(path) && !isTest(path))
    .sort()
    .flatMap((path) => checkFile(path, readFileSync(join(sourceFolder, path), 'utf8')));
}

function checkFile(path: string, source: string): Violation[] {
  if (!path.endsWith('.ts')) return [{ where: path, what: 'only TypeScript (.ts) belongs here' }];
  if (!hasPlace(path))
    return [{ where: path, what: 'belongs to no part of the house (scripts/import-rule/layers.ts)' }];
  const { imports, environment, error } = referencesOf(path, source);
  if (error) return [{ where: path, what: `cannot be parsed: ${error}` }];

  const forbidden = imports.flatMap((reference) => {
    const why = judge(path, reference);
    return why
      ? [{ where: `${path}:${reference.line}`, what: `imports ${reference.target ?? 'something'}: ${why}` }]
      : [];
  });
  const misread = mayReadEnvironment(path) ? [] : environment;
  return [
    ...forbidden,
    ...misread.map((line) => ({ where: `${path}:${line}`, what: 'reads the environment; only cli.ts may' })),
  ];
}

function judge(from: string, { target }: Reference): string | undefined {
  if (target === undefined) return objection(from, undefined);
  if (/^([/#]|file:|data:|https?:)/.test(target)) return 'it is neither a relative path nor a package';
  if (!target.startsWith('.')) return undefined;
  return objection(from, posix.normalize(posix.join(posix.dirname(from), target)));
}
