import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** SPDX identifiers that ask for no more than to be named. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
]);

/** What else is fine, and for whom. */
const EXCEPTIONS: readonly { readonly packages: RegExp; readonly licence: string }[] = [
  // libvips, sharp's image library: a shared library in a package of its own, loaded when it runs, not changed, and
  // anyone can put another build in its place. On Windows and as WebAssembly it is inside of sharp's own binary.
  { packages: /^@img\/sharp-(libvips-.+|win32-.+|wasm32)$/, licence: 'LGPL-3.0-or-later' },
  // Fonts: they may go along with any software, and not be sold by themselves.
  { packages: /^@fontsource\//, licence: 'OFL-1.1' },
];

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
}

/** Whether everything that goes out with the product (on any platform) may, by what the lock files say. */
export function checkLicences(root: string): string {
  return ['package-lock.json', 'bin/runtime/package-lock.json']
    .flatMap((file) => {
      const lock: { packages: Record<string, LockedPackage> } = JSON.parse(readFileSync(join(root, file), 'utf8'));
      return Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && !dev);
    })
    .flatMap(([path, { version, license }]) => {
      const name = path.replace(/^.*node_modules\//, '');
      return isAllowed(name, license) ? [] : [`${name}@${version}: ${license ?? 'names no licence'}`];
    })
    .join('\n');
}

/** @param expression of SPDX, with AND, OR and parentheses: one choice of each OR must be allowed */
export function isAllowed(name: string, expression: string | undefined): boolean {
  if (!expression) return false;
  const own = EXCEPTIONS.filter(({ packages }) => packages.test(name)).map(({ licence }) => licence);
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  const either = (): boolean => {
    let allowed = both();
    while (tokens[at] === 'OR') {
      at += 1;
      allowed = both() || allowed;
    }
    return allowed;
  };
  const both = (): boolean => {
    let allowed = one();
    while (tokens[at] === 'AND') {
      at += 1;
      allowed = one() && allowed;
    }
    return allowed;
  };
  const one = (): boolean => {
    const token = tokens[at] ?? '';
    at += 1;
    if (token !== '(') return ALLOWED.has(token) || own.includes(token);
    const allowed = either();
    at += 1;
    return allowed;
  };
  return either() && at === tokens.length;
}
