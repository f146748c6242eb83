/**
 * node scripts/leaked-passwords.ts passwords.json > src/services/auth/common-passwords/leaked.txt
 *
 * Makes the list of passwords that are refused from a ranked one, a JSON array, as `@zxcvbn-ts/language-common` has it in
 * src/passwords.json. What is too short, or refused by the other rules, is left out.
 */
import { readFileSync } from 'node:fs';
import { isGuessable } from '../src/services/auth/common-passwords/index.ts';

const SHORTEST = 8;

const [, , file] = process.argv;
if (file === undefined) throw new Error('Name the file with the passwords.');
const all: string[] = JSON.parse(readFileSync(file, 'utf8'));
const folded = all.map((password) => password.toLowerCase());
const kept = folded.filter((text) => text.length >= SHORTEST && /^[!-~]+$/.test(text) && !isGuessable(text, undefined));
const [header] = readFileSync(
  new URL('../src/services/auth/common-passwords/leaked.txt', import.meta.url),
  'utf8',
).split(/\n(?!#)/);
console.log(`${header}\n${[...new Set(kept)].sort().join('\n')}`);
