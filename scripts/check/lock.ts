import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export type Lock = Readonly<Record<string, LockedPackage>>;

/** Whether the lock files pin all that any platform needs: `npm ci` refuses one that does not. */
export function checkLocks(root: string): string {
  return ['.', 'bin/runtime']
    .flatMap((folder) => {
      const { packages }: { packages: Lock } = JSON.parse(
        readFileSync(join(root, folder, 'package-lock.json'), 'utf8'),
      );
      return gapsOf(packages).map((gap) => `${join(folder, 'package-lock.json')}: ${gap}`);
    })
    .join('\n');
}

/** What a lock leaves open. */
export function gapsOf(packages: Lock): string[] {
  return Object.entries(packages).flatMap(([path, { version, integrity, dependencies, optionalDependencies }]) => [
    ...(path !== '' && !(version && integrity) ? [`${path} has no version or no hash`] : []),
    ...Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => !isThere(packages, path, name))
      .map((name) => `${name}, which ${path || 'package.json'} asks for, is missing`),
  ]);
}

/** As Node.js looks for it: in the folder of the package that asks, and in those around it. */
function isThere(packages: Lock, path: string, name: string): boolean {
  if (packages[path === '' ? `node_modules/${name}` : `${path}/node_modules/${name}`]) return true;
  if (path === '') return false;
  const end = path.lastIndexOf('/node_modules/');
  return isThere(packages, end === -1 ? '' : path.slice(0, end), name);
}
