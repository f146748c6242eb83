import { invalidField } from './invalid.ts';

/** Code points, as people count them. */
const MAX_NAME = 255;
/** Bytes in UTF-8: the folder stands in the key of an index, and those are limited. */
const MAX_FOLDER_BYTES = 1024;
const MAX_DEPTH = 32;
const MAX_METADATA_KEYS = 32;
/** Bytes of all keys and values in UTF-8. */
const MAX_METADATA_BYTES = 4096;

// Control characters, line and paragraph separators, and what turns the direction of writing (it makes "gpj.exe" look like "exe.jpg").
const FORBIDDEN = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

const refuse = (path: string, message: string): never => {
  throw invalidField(path, message, 'invalid_name');
};

function normalizeSegment(text: string, path: string, what: string): string {
  if (!text.isWellFormed()) refuse(path, `${what} is not valid Unicode.`);
  const name = text.normalize('NFC');
  if (name.trim() === '') refuse(path, `${what} is empty.`);
  if (FORBIDDEN.test(name)) refuse(path, `${what} holds a control character. Use printable characters only.`);
  if (name === '.' || name === '..') refuse(path, `${what} cannot be "." or "..".`);
  if (/[/\\]/.test(name)) refuse(path, `${what} cannot hold "/" or "\\". Give the path as "folder".`);
  if ([...name].length > MAX_NAME) refuse(path, `${what} is longer than ${MAX_NAME} characters.`);
  return name;
}

/** The name as it is kept: NFC, 1 to 255 characters, one path segment. Throws `invalid_name`, of the field it came in. */
export const normalizeName = (name: string, path = 'name'): string => normalizeSegment(name, path, 'The name');

/** What names are searched and sorted by. Lower case can leave NFC, so it is brought back. */
export const nameKey = (name: string): string => name.normalize('NFC').toLowerCase().normalize('NFC');

/**
 * The folder as it is kept: segments like names, joined by "/", without one at either end; at most 1,024 bytes. Empty is
 * the root.
 */
export function normalizeFolder(folder: string): string {
  const trimmed = folder.replace(/^\/+|\/+$/g, '');
  if (trimmed === '') return '';
  const segments = trimmed.split('/').map((segment) => normalizeSegment(segment, 'folder', 'A part of the folder'));
  if (segments.length > MAX_DEPTH) refuse('folder', `The folder is deeper than ${MAX_DEPTH}.`);
  const normalized = segments.join('/');
  if (Buffer.byteLength(normalized) > MAX_FOLDER_BYTES) {
    refuse(
      'folder',
      `The folder is longer than ${MAX_FOLDER_BYTES} bytes (in UTF-8, some characters take more than one).`,
    );
  }
  return normalized;
}

/** Checks metadata: a flat map of strings, at most 32 keys and 4 KB. Throws `invalid_request`. */
export function checkMetadata(metadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const problem = (path: string, message: string): never => {
    throw invalidField(path, message);
  };
  const entries = Object.entries(metadata);
  if (entries.length > MAX_METADATA_KEYS) problem('metadata', `Metadata has more than ${MAX_METADATA_KEYS} keys.`);
  let bytes = 0;
  for (const [key, value] of entries) {
    if (key === '') problem('metadata', 'A metadata key is empty.');
    if (!key.isWellFormed() || !value.isWellFormed()) problem(`metadata.${key}`, 'Metadata is not valid Unicode.');
    if (FORBIDDEN.test(key)) problem('metadata', 'A metadata key holds a control character.');
    if (value.includes('\0')) problem(`metadata.${key}`, 'A metadata value holds a NUL character.');
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > MAX_METADATA_BYTES) problem('metadata', `Metadata is larger than ${MAX_METADATA_BYTES} bytes.`);
  return metadata;
}
