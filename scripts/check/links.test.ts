import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkLinks } from './links.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast-links-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

test('links, headings, files and pages that are there are fine', () => {
  write({
    'README.md':
      '[all](docs/a.md) [one](docs/a.md#what-is-it-for) [here](#start) [elsewhere](https://example.com/x)\n## Start',
    'docs/a.md':
      '# A\n\n## What is it for?\n\n`src/services/files/b.ts`, `files/b.ts`\n\n```md\n[not](a-link.md)\n```\n',
    'src/services/files/b.ts': '// See docs/a.md.',
    'src/node_modules/x/README.md': '[dead](dead.md)',
  });
  expect(checkLinks(root)).toBe('');
});

test('each that is not there is named', () => {
  write({
    'README.md':
      '[no page](docs/none.md) [no heading](docs/a.md#none) [not in code](#a-comment)\n```sh\n# a comment\n```',
    'docs/a.md': '# A\n`files/gone.ts` [up](../LICENSE)',
    'docs/forgotten.md': '',
    'src/b.ts': '// See docs/gone.md.',
  });
  expect(checkLinks(root).split('\n')).toEqual([
    'README.md: links to docs/none.md, which is not there',
    'README.md: links to docs/a.md#none, which has no such heading',
    'README.md: links to #a-comment, which has no such heading',
    'docs/a.md: links to ../LICENSE, which is not there',
    'docs/a.md: speaks of files/gone.ts, which is not there',
    'src/b.ts: speaks of docs/gone.md, which is not there',
    'README.md: does not lead to docs/forgotten.md',
  ]);
});
