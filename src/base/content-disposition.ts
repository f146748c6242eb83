import { create } from 'content-disposition';

/** What browsers show without running anything of it. SVG, HTML and XML are not here, and must never be. */
const SHOWN = new Set([
  'application/pdf',
  'image/avif',
  'image/bmp',
  'image/gif',
  'image/jpeg',
  'image/png',
  'image/webp',
  'text/plain',
]);

/** Whether content of this type may be shown in place in a browser, and not only saved. */
export function mayBeShown(contentType: string): boolean {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return SHOWN.has(type) || type.startsWith('audio/') || type.startsWith('video/');
}

// Control characters, path separators, and what turns the direction of writing.
const UNFIT = /[\p{Cc}/\\\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const MAX_LENGTH = 255;

function saneName(name: string): string {
  const sane = [...name.toWellFormed().replace(UNFIT, '_')].slice(0, MAX_LENGTH).join('').trim();
  return sane === '' || /^\.+$/.test(sane) ? 'download' : sane;
}

/**
 * A Content-Disposition header (RFC 6266) for content of a user: to be saved, or shown in place if its type is one
 * that is safe to show. Whatever the name holds, the header is valid and names one plain file.
 */
export function contentDisposition(contentType: string, name: string, attachment: boolean): string {
  return create(saneName(name), { type: attachment || !mayBeShown(contentType) ? 'attachment' : 'inline' });
}
