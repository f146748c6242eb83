import { isId } from './ids.ts';

/**
 * Where a signed request puts the bytes of an upload: `in/{fileId}`. A URL that is signed lives on, so a confirm moves the
 * bytes away to a key that was never signed.
 */
export const INBOX = 'in/';

export const inboxKey = (fileId: string): string => `${INBOX}${fileId}`;

/** Whose bytes a key of the inbox is for; undefined for any other key. */
export function fileOfInboxKey(key: string): string | undefined {
  const fileId = key.startsWith(INBOX) ? key.slice(INBOX.length) : '';
  return isId(fileId) ? fileId : undefined;
}
