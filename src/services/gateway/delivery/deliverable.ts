import { contentDisposition } from '../../../base/content-disposition.ts';
import type { ResolveContentResponse } from '../../../contract/holdfast/internal/v1/upload.ts';
import type { Deliverable } from './deliver.ts';

/**
 * What files says of an object, as it is to be delivered. `download` is the query parameter: `1` or nothing saves it
 * under its own name, `0` shows it, any other text is the name to save it under.
 */
export function toDeliverable(
  found: ResolveContentResponse,
  download: string | undefined,
  cacheControl: string,
): Deliverable {
  const { key, name, contentType, size, etag, modifiedAt } = found;
  const attachment = download !== undefined && download !== '0' && download !== 'false';
  const savedAs = attachment && !OWN_NAME.has(download) ? download : name;
  return {
    key,
    size,
    contentType,
    etag,
    cacheControl,
    contentDisposition: contentDisposition(contentType, savedAs, attachment),
    modifiedAt: modifiedAt ?? new Date(0),
  };
}

const OWN_NAME: ReadonlySet<string> = new Set(['', '1', 'true']);
