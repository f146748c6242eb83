import { HoldfastError } from '../../base/errors.ts';
import type { ObjectStoreOptions } from './options.ts';
import type { ObjectStore } from './port.ts';

type Open = (url: string, options: ObjectStoreOptions) => Promise<ObjectStore>;

/** The drivers by the scheme of their URLs; one is loaded when it is used. */
const DRIVERS: Readonly<Record<string, () => Promise<Open>>> = {
  file: async () => (await import('./disk/index.ts')).openDiskStore,
};

/** Opens the object store that a URL names (STORAGE_URL). */
export async function openObjects(url: string, options: ObjectStoreOptions): Promise<ObjectStore> {
  const load = DRIVERS[url.slice(0, Math.max(url.indexOf(':'), 0))];
  if (!load) {
    const known = Object.keys(DRIVERS).map((scheme) => `${scheme}:`);
    throw new HoldfastError('invalid_request', `There is no object store for this URL. Known are ${known.join(', ')}.`);
  }
  return (await load())(url, options);
}
