/** Which of the two kinds of server answers, for the few things that they name differently. */
export interface ServerKind {
  readonly name: 'MySQL' | 'MariaDB';
  readonly major: number;
  readonly minor: number;
  /** As the server says it. */
  readonly version: string;
}

const OLDEST = { MySQL: [8, 4], MariaDB: [10, 11] } as const;

/** Reads `version()`: `8.4.3`, `10.11.6-MariaDB-log`, or, from behind a proxy, `5.5.5-10.11.6-MariaDB`. */
export function serverKind(version: string): ServerKind {
  const name = /mariadb/i.test(version) ? 'MariaDB' : 'MySQL';
  const [, major, minor] = /^(?:5\.5\.5-(?=\d+\.\d+.*mariadb))?(\d+)\.(\d+)/i.exec(version) ?? [];
  return { name, major: Number(major ?? 0), minor: Number(minor ?? 0), version };
}

/** What an operator has to do where the server is too old; undefined where it is not. */
export function tooOld({ name, major, minor, version }: ServerKind): string | undefined {
  const [oldestMajor, oldestMinor] = OLDEST[name];
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined;
  return `the server is ${name} ${version}; ${name} ${oldestMajor}.${oldestMinor} or newer is needed`;
}
