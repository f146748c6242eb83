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

/**
 * The Content-Disposition header (RFC 6266, RFC 8187) under which content is handed out: in place only where that is
 * safe and not asked otherwise, always with the name to save it under.
 */
export function contentDisposition(contentType: string, name: string, download: boolean): string {
  const inPlace = !download && SHOWN_IN_PLACE.some((pattern) => matchesType(contentType, pattern));
  return create(name, { type: inPlace ? 'inline' : 'attachment' });
}
