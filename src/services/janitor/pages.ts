/** Items asked for at a time. */
const PAGE = 200;

/** A list that is asked for page by page, by the last id of the page before, until a page is empty. */
export async function* pages<T>(
  next: (after: string, limit: number) => Promise<readonly T[]>,
  idOf: (item: T) => string,
): AsyncGenerator<readonly T[]> {
  for (let after = ''; ; ) {
    const page = await next(after, PAGE);
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    after = idOf(last);
  }
}
