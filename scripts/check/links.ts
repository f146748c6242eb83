import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const PAGES = ['*.md', 'docs/**/*.md', 'examples/**/*.md'];
const SOURCES = ['{src,scripts,bench,test,proto,examples}/**/*.{ts,mjs,proto,py}'];
const INSTALLED = ['**/node_modules/**'];

/** Where a path of a page begins, when it is none of the repository's root. */
const ROOTS = ['.', 'src', 'src/services', 'proto'];

/** What pages refer to and is not there: other pages, headings of them, files; and pages that README.md does not lead to. */
export function checkLinks(root: string): string {
  const pages = globSync(PAGES, { cwd: root, exclude: INSTALLED }).sort();
  const sources = globSync(SOURCES, { cwd: root, exclude: [...INSTALLED, '**/*.test.ts'] }).sort();
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const texts = new Map(pages.map((page) => [page, read(page)]));
  return [
    ...[...texts].flatMap(([page, text]) => [...deadLinks(root, page, text, texts), ...deadPaths(root, page, text)]),
    ...sources.flatMap((source) => deadMentions(root, source, read(source))),
    ...pages
      .filter((page) => page.startsWith('docs/') && !texts.get('README.md')?.includes(`](${page}`))
      .map((page) => `README.md: does not lead to ${page}`),
  ].join('\n');
}

function deadLinks(root: string, page: string, text: string, texts: ReadonlyMap<string, string>): string[] {
  return [...withoutCode(text).matchAll(/\]\(([^()\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [path = '', anchor] = target.split('#');
    const linked = path === '' ? page : relative('.', join(dirname(page), path));
    if (!existsSync(join(root, linked))) return [`${page}: links to ${target}, which is not there`];
    const there = texts.get(linked);
    if (anchor === undefined || there === undefined || headingsOf(there).has(anchor)) return [];
    return [`${page}: links to ${target}, which has no such heading`];
  });
}

/** Files in backticks, as in `files/jobs/claim.ts`. */
function deadPaths(root: string, page: string, text: string): string[] {
  return [...text.matchAll(/`([\w.-]+(?:\/[\w.-]+)+\.(?:ts|mjs|md|proto))`/g)].flatMap(([, path = '']) =>
    ROOTS.some((from) => existsSync(join(root, from, path))) ? [] : [`${page}: speaks of ${path}, which is not there`],
  );
}

/** Pages that code sends its reader to. */
function deadMentions(root: string, source: string, text: string): string[] {
  return [...text.matchAll(/\bdocs\/[\w-]+\.md\b/g)].flatMap(([page]) =>
    existsSync(join(root, page)) ? [] : [`${source}: speaks of ${page}, which is not there`],
  );
}

/** By the names that GitHub gives them. */
function headingsOf(text: string): ReadonlySet<string> {
  const names = new Map<string, number>();
  const all = [...withoutCode(text).matchAll(/^#{1,6} +(.+?) *#*$/gm)].map(([, heading = '']) => {
    const name = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    const times = names.get(name) ?? 0;
    names.set(name, times + 1);
    return times === 0 ? name : `${name}-${times}`;
  });
  return new Set(all);
}

const withoutCode = (text: string): string => text.replace(/^```.*?^```/gms, '');
