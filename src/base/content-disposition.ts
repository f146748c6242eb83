import { create } from 'content-disposition';
import { matchesType } from './content-types.ts';

/** What a browser shows without running anything of it. HTML, SVG and XML are not here: they are saved, never shown. */
const SHOWN_IN_PLACE = [
  'image/jpeg',
  'image/png',
  'image/gif',
  'image/webp',
  'image/avif',
  'image/bmp',
  'audio/*',
  'video/*',
  'text/plain',
  'application/pdf',
];

/** Whether content of this type may be shown in place in a browser, and not only saved. */
export const mayBeShown = (contentType: string): boolean =>
  SHOWN_IN_PLACE.some((pattern) => matchesType(contentType, pattern));

// Control characters, path separators, and what turns the direction of writing.
const UNFIT = /[\p{Cc}/\\\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const MAX_LENGTH = 255;

function saneName(name: string): string {
  const sane = [...name.toWellFormed().replace(UNFIT, '_')].slice(0, MAX_LENGTH).join('').trim();
  return sane === '' || /^\.+$/.test(sane) ? 'download' : sane;
}

/**
 * The Content-Disposition header (RFC 6266, RFC 8187) under which content is handed out: in place only where that is
 * safe and not asked otherwise, always with the name to save it under. Whatever the name holds, the header is valid
 * and names one plain file.
 */
export function contentDisposition(contentType: string, name: string, download: boolean): string {
  return create(saneName(name), { type: download || !mayBeShown(contentType) ? 'attachment' : 'inline' });
}
