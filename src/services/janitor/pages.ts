/** Items asked for at a time. */
export const PAGE = 200;

/** A list that is asked for page by page: a page that is not full is the last. */
export async function* pages<T>(
  next: (after: string, limit: number) => Promise<readonly T[]>,
  idOf: (item: T) => string,
): AsyncGenerator<readonly T[]> {
  for (let after = ''; ; ) {
    const page = await next(after, PAGE);
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    if (page.length < PAGE) return;
    after = idOf(last);
  }
}
