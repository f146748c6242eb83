import { type ByScheme, bySchemeOf } from '../../base/by-scheme.ts';
import type { ObjectStoreOptions } from './options.ts';
import type { ObjectStore } from './port.ts';

type OpenObjects = (url: string, options: ObjectStoreOptions) => Promise<ObjectStore>;

/** By scheme of the URL. A driver's code is loaded when it is the one chosen. */
const DRIVERS: ByScheme<OpenObjects> = {
  file: async () => (await import('./disk/index.ts')).openDiskStore,
  s3: async () => (await import('./s3/index.ts')).openS3Store,
};

/** Where a store puts our objects, as its own events name them. */
export interface ObjectsPlace {
  readonly bucket: string;
  /** What the names of all our objects begin with there. */
  readonly root: string;
}

/** Undefined for a store that has no events. Throws where the URL is wrong; nothing is opened. */
export async function objectsPlaceOf(url: string): Promise<ObjectsPlace | undefined> {
  if (!url.startsWith('s3:')) return undefined;
  const [{ parseS3Url }, { dataRoot }] = await Promise.all([import('./s3/url.ts'), import('./s3/bucket.ts')]);
  const location = parseS3Url(url);
  return { bucket: location.bucket, root: dataRoot(location) };
}

/** Opens the object store that a URL names. Throws where no driver knows the scheme, or the driver cannot open it. */
export async function openObjects(url: string, options: ObjectStoreOptions): Promise<ObjectStore> {
  const open = await bySchemeOf(DRIVERS, url, 'STORAGE_URL');
  return open(url, options);
}
