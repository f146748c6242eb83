import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { optionsOf, PROCESSORS, parsePresets } from './index.ts';

const page = await readFile(new URL('../../../docs/processing.md', import.meta.url), 'utf8');

test.each(PROCESSORS.map((processor) => [processor.name, processor] as const))(
  'docs/processing.md tells every option of %s as it is',
  (name, processor) => {
    const [, section = ''] = page.split(`\n### ${name}\n`);
    const told = section
      .split('\n#')[0]
      ?.split('\n')
      .filter((line) => line.startsWith('| `'));
    const options = optionsOf(processor).map(({ name: option, expects, fallback }) => {
      const value = fallback === 'no default' ? 'none' : fallback.replace(/^default /, '');
      return `| \`${option}\` | ${expects} | ${value} |`;
    });
    expect(told).toEqual(options);
  },
);

test('the presets file in docs/processing.md is a right one', () => {
  const [, example = ''] = page.split('```json\n');
  expect(parsePresets(example.split('```')[0] ?? '').map(({ type }) => type)).toEqual([
    'thumbnail',
    'preview',
    'cover',
  ]);
});
