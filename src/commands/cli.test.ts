import { describe, expect, test } from 'vitest';
import { version } from '../app/version.ts';
import { cliOfEachTest, STACK } from './testing/cli.ts';

const { run } = cliOfEachTest();

describe('help', () => {
  test('alone, it shows what there is', async () => {
    const { code, stdout } = await run([]);
    expect(code).toBe(0);
    for (const command of ['serve', 'migrate', 'sweep', 'presets', 'certs', 'doctor', 'version']) {
      expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
    }
  });

  test.each([
    'serve',
    'migrate',
    'migrate status',
    'sweep',
    'presets',
    'presets check',
    'certs',
    'certs init',
    'doctor',
    'version',
  ])('%s --help', async (command) => {
    const { code, stdout, stderr } = await run([...command.split(' '), '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Usage: holdfast ${command}`);
  });

  test.each([['version'], ['--version'], ['-V']])('%s', async (argument) => {
    const { code, stdout } = await run([argument]);
    expect(code).toBe(0);
    expect(stdout).toContain(`holdfast ${version}`);
  });
});

describe('wrong use', () => {
  test('an unknown command suggests one, and exits with 2', async () => {
    const { code, stderr } = await run(['sweeep']);
    expect(code).toBe(2);
    expect(stderr).toContain('Did you mean sweep?');
  });

  test.each([[['serve', '--prot', '1']], [['serve', 'extra']], [['sweep', '--dryrun']], [['migrate', 'statuss']]])(
    '%j exits with 2',
    async (args) => {
      const { code, stderr } = await run(args);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^error: /);
      expect(stderr).not.toMatch(STACK);
    },
  );
});
