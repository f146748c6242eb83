import type { StorageVerb } from './deps.ts';

export const listObjects: StorageVerb<'listObjects'> =
  ({ objects }) =>
  async ({ prefix, after, limit }) => {
    const found = await objects.list(prefix, { limit, ...(after !== '' && { after }) });
    return { objects: found, next: found.length === limit ? (found.at(-1)?.key ?? '') : '' };
  };
