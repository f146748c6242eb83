import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { commandContext } from './context.ts';
import { program } from './program.ts';

const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];

test.each(all(program(commandContext({}))).map((command) => [nameOf(command), command]))(
  '%s says how it is used, in lines that fit and with the same words',
  (_, command) => {
    let printed = '';
    command.configureOutput({ writeOut: (text) => (printed += text) });
    command.outputHelp();
    expect(printed).toMatch(/^Usage: holdfast/);
    expect(printed).toContain('show help');
    expect(printed).not.toContain('display help');
    expect(command.description()).toMatch(/^[A-Z].*\.$/);
    expect(printed.split('\n').filter((line) => line.length > 120)).toEqual([]);
  },
);

function nameOf(command: Command): string {
  return command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();
}
