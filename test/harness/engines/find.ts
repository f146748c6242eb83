import { accessSync, constants, existsSync, globSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where programs stand that are not on everybody's PATH; the newest of several versions first. */
const usual = () => [
  ...globSync('/usr/lib/postgresql/*/bin').sort((a, b) => Number(b.split('/')[4]) - Number(a.split('/')[4])),
  ...globSync('/opt/homebrew/opt/{postgresql,mysql,mariadb}*/bin').sort().reverse(),
  '/usr/lib/rabbitmq/bin',
  '/opt/homebrew/sbin',
  '/opt/homebrew/bin',
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
];

/**
 * The usual places go first: what Debian has on PATH is often a wrapper that wants to be a system service.
 * TEST_ENGINES_PATH, a list like PATH, is looked through in place of all of them.
 */
function folders(): string[] {
  const given = process.env.TEST_ENGINES_PATH?.split(delimiter);
  return (given ?? [...usual(), ...(process.env.PATH ?? '').split(delimiter)]).filter(Boolean);
}

/** The folder that holds all of these programs. */
export const folderWith = (...programs: string[]): string | undefined =>
  folders().find((folder) => programs.every((program) => isProgram(join(folder, program))));

/** The first of these programs that is there. */
export const program = (...names: string[]): string | undefined =>
  names.flatMap((name) => folders().map((folder) => join(folder, name))).find(isProgram);

/** The path of a program that was looked for before. */
export function required(...names: string[]): string {
  const path = program(...names);
  if (!path) throw new Error(`${names.join(' or ')} is not there.`);
  return path;
}

/** Says which of these programs are not there. */
export function missingPrograms(...programs: string[]): string | undefined {
  const absent = programs.filter((name) => !program(name));
  return absent.length > 0 ? `no ${absent.join(', no ')} found` : undefined;
}

function isProgram(path: string): boolean {
  if (!existsSync(path) || !statSync(path).isFile()) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
