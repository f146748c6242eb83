import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, extname, join, parse, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The entry of a child: TypeScript here, JavaScript in the built package. */
export const CHILD = fileURLToPath(new URL(`./child${extname(import.meta.url)}`, import.meta.url));

/** Folders with the code that a child runs. */
const CODE = fileURLToPath(new URL('../../../', import.meta.url));
const LIBRARIES = ['sharp', '@hyzyla/pdfium'];

/**
 * Node's arguments for a child that may read our code and its scratch folder, write its scratch folder, and do nothing
 * else: no network (from Node 25 on), no further processes, no other files. The image library is a native add-on, which this model does
 * not bind; against what it parses stand the blocked decoders and the limits.
 */
export function confinement(scratch: string): string[] {
  return [
    '--permission',
    '--allow-addons',
    '--allow-worker',
    ...[CODE, join(CODE, '..', 'package.json'), ...libraryFolders(), scratch].map((path) => `--allow-fs-read=${path}`),
    `--allow-fs-write=${scratch}`,
    '--disable-warning=SecurityWarning',
    '--title=holdfast-sandbox',
  ];
}

/**
 * Where the libraries are looked for, which may be a link, and the outermost `node_modules` that hold them in truth:
 * wherever and however this package was installed.
 */
function libraryFolders(): string[] {
  const { resolve } = createRequire(import.meta.url);
  const folders = LIBRARIES.flatMap((name) => {
    const looked = (resolve.paths(name) ?? []).filter((path) => basename(path) === 'node_modules' && existsSync(path));
    return [...looked, outermostModules(realpathSync(resolve(name)))];
  });
  return [...new Set(folders)];
}

function outermostModules(path: string): string {
  const { root } = parse(path);
  const segments = path.slice(root.length).split(sep);
  return root + segments.slice(0, segments.indexOf('node_modules') + 1).join(sep);
}
