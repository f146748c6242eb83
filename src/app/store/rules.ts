import type { Config } from '../../config.ts';
import type { StoreRules } from '../../drivers/objects/port.ts';

const DAY = 24 * 3600 * 1000;
/** Days that a multipart upload is left alone at least. */
const LEAST = 7;

/** What the store's own rules have to be for these settings. */
export const rulesFor = ({ corsOrigins, uploadExpiry }: Config, notify?: string): StoreRules => ({
  origins: corsOrigins,
  abortMultipartAfter: Math.max(LEAST, Math.ceil(uploadExpiry / DAY) + 1),
  notify,
});
