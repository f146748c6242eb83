import { resolve } from 'node:path';

/** A value of the environment: what it is called, and what it may be. */
export interface Setting<T> {
  readonly name: string;
  /** As written in the environment; undefined: none. */
  readonly fallback: string | undefined;
  readonly expects: string;
  /** Undefined for text that is none. */
  readonly parse: (text: string) => T | undefined;
  readonly about: string;
  /** Other names that are accepted for the same. */
  readonly aliases: readonly string[];
  /** Whether the value is never to be shown. */
  readonly secret: boolean;
}

type More = Partial<Pick<Setting<unknown>, 'aliases' | 'secret'>>;
type Parse<T> = (text: string) => T | undefined;

export function setting<T>(
  name: string,
  fallback: string,
  expects: string,
  parse: Parse<T>,
  about: string,
  more?: More,
): Setting<T>;
/** One that may be left out, and then is undefined. */
export function setting<T>(
  name: string,
  fallback: undefined,
  expects: string,
  parse: Parse<T>,
  about: string,
  more?: More,
): Setting<T | undefined>;
export function setting<T>(
  name: string,
  fallback: string | undefined,
  expects: string,
  parse: Parse<T>,
  about: string,
  { aliases = [], secret = false }: More = {},
): Setting<T> {
  return { name, fallback, expects, parse, about, aliases, secret };
}

/** What may be shown of a value: not a password in a URL. */
export const shown = ({ secret }: Setting<unknown>, value: string): string =>
  secret ? 'the value' : JSON.stringify(value.replace(/(?<=:\/\/)[^/@]*(?=@)/g, '***'));

/* What values may be: each answers undefined for text that is none. */

export const text = (value: string) => value;
/** Of a file or a folder. */
export const path = (value: string) => resolve(value);
export const list = (value: string) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
export const integer = (min: number, max: number) => (value: string) => {
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  return number >= min && number <= max ? number : undefined;
};
export const oneOf =
  <T extends string>(...choices: readonly T[]) =>
  (value: string) =>
    choices.find((choice) => choice === value);
export const atLeast = (min: number, parse: (value: string) => number | undefined) => (value: string) => {
  const parsed = parse(value);
  return parsed !== undefined && parsed >= min ? parsed : undefined;
};
export const url =
  (...schemes: string[]) =>
  (value: string) =>
    beginsWith(...schemes)(value) && URL.canParse(value) ? value : undefined;
/** A URL of one of these schemes, which its driver reads: some name several hosts, and so are none to `URL`. */
export const beginsWith =
  (...schemes: string[]) =>
  (value: string) =>
    schemes.some((scheme) => value.startsWith(`${scheme}:`)) && !/\s/.test(value) ? value : undefined;
export const origin = (value: string) => (URL.canParse(value) && new URL(value).origin === value ? value : undefined);
export const allOf =
  (check: (item: string) => unknown) =>
  (value: string): string[] | undefined =>
    list(value).every(check) ? list(value) : undefined;
export const contentType = /^[a-z0-9][a-z0-9!#$&^_.+-]*\/(\*|[a-z0-9][a-z0-9!#$&^_.+-]*)$/;
