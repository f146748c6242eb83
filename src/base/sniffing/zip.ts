import type { Recognized } from './recognized.ts';

const OFFICE = 'application/vnd.openxmlformats-officedocument';

/** What a ZIP archive holds, by the names of its first entries. */
const BY_ENTRY: readonly (readonly [name: string, type: string])[] = [
  ['word/', `${OFFICE}.wordprocessingml.document`],
  ['xl/', `${OFFICE}.spreadsheetml.sheet`],
  ['ppt/', `${OFFICE}.presentationml.presentation`],
];

/** Types whose files are ZIP archives; where the entries do not tell, the declared one of these is believed. */
const NARROWER =
  /^application\/(vnd\.(openxmlformats-officedocument|oasis\.opendocument|ms-(excel|word|powerpoint))\.|vnd\.android\.package-archive|vnd\.apple\.(keynote|numbers|pages)|java-archive|epub\+zip)|\+zip$/;

const ARCHIVE: Recognized = { type: 'application/zip', isNarrower: (type) => NARROWER.test(type) };

const ENTRY = 'PK\x03\x04';

/** ZIP (APPNOTE 4.3.7): entries, each with its name, stand one after another from the first byte. */
export function zip(bytes: Buffer): Recognized | undefined {
  const text = bytes.toString('latin1');
  if (text.startsWith('PK\x05\x06')) return ARCHIVE;
  if (!text.startsWith(ENTRY)) return undefined;
  for (let at = 0; at >= 0; at = text.indexOf(ENTRY, at + 4)) {
    const nameStart = at + 30;
    if (nameStart > bytes.length) break;
    const name = text.slice(nameStart, nameStart + bytes.readUInt16LE(at + 26));
    // OpenDocument and EPUB store their type, as it is, in their first entry.
    const stored = name === 'mimetype' ? mimetypeOf(text.slice(nameStart + name.length)) : undefined;
    const type = stored ?? BY_ENTRY.find(([beginning]) => name.startsWith(beginning))?.[1];
    if (type !== undefined) return { type };
  }
  return ARCHIVE;
}

const mimetypeOf = (content: string): string | undefined =>
  /^application\/(epub\+zip|vnd\.oasis\.opendocument\.[a-z]+(-template)?)(?=PK|\W|$)/.exec(content)?.[0];
