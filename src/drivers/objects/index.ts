import { type ByScheme, bySchemeOf } from '../../base/by-scheme.ts';
import type { ObjectStoreOptions } from './options.ts';
import type { ObjectStore } from './port.ts';

type OpenObjects = (url: string, options: ObjectStoreOptions) => Promise<ObjectStore>;

/** By scheme of the URL. A driver's code is loaded when it is the one chosen. */
const DRIVERS: ByScheme<OpenObjects> = {
  file: async () => (await import('./disk/index.ts')).openDiskStore,
  s3: async () => (await import('./s3/index.ts')).openS3Store,
};

/** Opens the object store that a URL names. Throws where no driver knows the scheme, or the driver cannot open it. */
export async function openObjects(url: string, options: ObjectStoreOptions): Promise<ObjectStore> {
  const open = await bySchemeOf(DRIVERS, url, 'STORAGE_URL');
  return open(url, options);
}
