/** Items asked for at a time. */
const PAGE = 200;

interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins; empty on the last one. */
  readonly next: string;
}

/** A list that is asked for page by page. Pages without items are left out. */
export async function* pages<T>(
  pageAfter: (after: string, limit: number) => Promise<Page<T>>,
): AsyncGenerator<readonly T[]> {
  let after = '';
  do {
    const { items, next } = await pageAfter(after, PAGE);
    if (items.length > 0) yield items;
    after = next;
  } while (after !== '');
}

/** A page of ids, the next of which begins after its last one. */
export const byLast = (ids: readonly string[]): Page<string> => ({ items: ids, next: ids.at(-1) ?? '' });
