/**
 * npm run docs: writes .env.example and the README's table of configuration from the settings themselves, so that
 * there is one place that knows each. With --check it writes nothing, and fails where they differ.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { SETTINGS } from '../src/config.ts';

interface Row {
  readonly name: string;
  readonly fallback: string | undefined;
  readonly expects: string;
  readonly about: string;
  readonly aliases: readonly string[];
}

const rows: readonly Row[] = Object.values(SETTINGS);
const plain = (text: string) => text.replaceAll('`', '');

const example = `# Every setting of Holdfast, with its default. Copy to .env and change what you need;
# variables of the environment win over this file.

${rows
  .map(({ name, fallback, expects, about }) => `# ${plain(about)}\n# Expects ${expects}.\n#${name}=${fallback ?? ''}\n`)
  .join('\n')}`;

const table = `| variable | default | what it does |
|---|---|---|
${rows.map(({ name, aliases, fallback, about }) => `| ${[name, ...aliases].map((each) => `\`${each}\``).join(' or ')} | ${fallback ? `\`${fallback}\`` : ''} | ${about} |`).join('\n')}
`;

const START = '<!-- configuration: written by npm run docs -->\n';
const END = '<!-- /configuration -->';

const path = (name: string) => new URL(`../${name}`, import.meta.url);
const readme = readFileSync(path('README.md'), 'utf8');
const from = readme.indexOf(START) + START.length;
const to = readme.indexOf(END);
if (from < START.length || to < from) throw new Error('README.md has no marks between which the table stands.');

const wanted = {
  '.env.example': example,
  'README.md': `${readme.slice(0, from)}\n${table}\n${readme.slice(to)}`,
};
for (const [name, text] of Object.entries(wanted)) {
  if (!process.argv.includes('--check')) writeFileSync(path(name), text);
  else if (readFileSync(path(name), 'utf8') !== text) {
    console.error(`${name} is not what the settings say: npm run docs`);
    process.exitCode = 1;
  }
}
