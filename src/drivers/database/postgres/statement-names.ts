import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** In the text of a statement whose best plan depends on its values: it is planned each time. */
export const PLANNED_BY_VALUE = '/* planned by value */';

/** Statements that a connection keeps prepared at most. Repositories have some hundred. */
const MAX_NAMES = 500;
/** Longer lists of values are seldom the same length twice. */
const MAX_PARAMETERS = 200;
/** A statement is prepared when it comes for the third time. */
const SEEN_BEFORE = 2;

/**
 * Names statements by their text, so that each connection parses and plans one once. A connection never forgets one,
 * so only those that come again are named, and only so many.
 */
export class StatementNames {
  readonly #seen = new LRUCache<string, number>({ max: 2 * MAX_NAMES });
  readonly #names = new Map<string, string>();

  nameOf(text: string, parameters: number): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    if (this.#names.size >= MAX_NAMES || parameters > MAX_PARAMETERS || text.includes(PLANNED_BY_VALUE)) {
      return undefined;
    }
    const seen = this.#seen.get(text) ?? 0;
    if (seen < SEEN_BEFORE) {
      this.#seen.set(text, seen + 1);
      return undefined;
    }
    const name = `h${hash('sha256', text, 'base64url')}`;
    this.#names.set(text, name);
    return name;
  }
}
