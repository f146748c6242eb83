import { readFileSync } from 'node:fs';

/** Throws, and says what is wrong with a URL in the words of its setting. */
export type Refuse = (what: string) => never;

/** A part of a URL as it was meant; `what` names it. */
export function decodedPart(part: string, refuse: Refuse, what = 'its user or password'): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return refuse(`${what} has a % that is not followed by two hexadecimal digits (write %25 for it)`);
  }
}

/** The text of the file that a parameter names; undefined where it names none. */
export function fileOf(parameter: string, parameters: URLSearchParams, refuse: Refuse): string | undefined {
  const path = parameters.get(parameter);
  if (path === null) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return refuse(`the file of "${parameter}" cannot be read`);
  }
}
