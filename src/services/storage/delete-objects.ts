import { HoldfastError } from '../../base/errors.ts';
import type { StorageVerb } from './deps.ts';

/** Objects deleted at once. */
const BATCH = 1_000;

export const deleteObjects: StorageVerb<'deleteObjects'> =
  ({ objects }) =>
  async ({ keys, prefixes }, { signal }) => {
    if (prefixes.some((prefix) => !/[^/]\/$/.test(prefix))) {
      throw new HoldfastError('invalid_request', 'A prefix to delete must end in a slash.');
    }
    for (let first = 0; first < keys.length; first += BATCH) {
      signal.throwIfAborted();
      await objects.delete(keys.slice(first, first + BATCH));
    }
    for (const prefix of prefixes) {
      let after: string | undefined;
      do {
        signal.throwIfAborted();
        const found = await objects.list(prefix, { limit: BATCH, ...(after !== undefined && { after }) });
        await objects.delete(found.map(({ key }) => key));
        after = found.length < BATCH ? undefined : found.at(-1)?.key;
      } while (after !== undefined);
    }
    return {};
  };
