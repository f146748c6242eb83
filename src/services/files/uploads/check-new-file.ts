import { matchesType } from '../../../base/content-types.ts';
import { toWord } from '../../../base/enum-words.ts';
import { HoldfastError } from '../../../base/errors.ts';
import { formatSize } from '../../../base/units.ts';
import { type NewFile, Visibility } from '../../../contract/holdfast/v1/file.ts';
import type { FilesSettings } from '../deps.ts';
import { checkMetadata, nameKey, normalizeFolder, normalizeName } from '../names.ts';

const SHA256 = /^[0-9a-f]{64}$/;
/** What can stand in a header: it is sent back as one, and object stores take it as one. */
const CONTENT_TYPE = /^[\x20-\x7e]{0,255}$/;

/** Checks what was declared of a file and brings it to the form in which it is kept. */
export function checkNewFile(file: NewFile, settings: FilesSettings, now: number) {
  const name = normalizeName(file.name);
  checkSize(file.size, settings.maxFileSize);
  if (file.sha256 !== undefined && !SHA256.test(file.sha256)) {
    throw invalid('sha256', 'A SHA-256 is 64 lower-case hex digits.');
  }
  if (!CONTENT_TYPE.test(file.contentType)) {
    throw invalid('content_type', 'A content type is at most 255 printable ASCII characters, such as image/jpeg.');
  }
  checkExpiry(file.expiresAt, now);
  return {
    name,
    name_key: nameKey(name),
    folder: normalizeFolder(file.folder),
    content_type: file.contentType || 'application/octet-stream',
    metadata: JSON.stringify(checkMetadata(file.metadata)),
    visibility: file.visibility === Visibility.UNSPECIFIED ? ('private' as const) : toWord(Visibility, file.visibility),
    expires_at: file.expiresAt?.getTime() ?? null,
  };
}

export function checkSize(size: number, maxFileSize: number): void {
  if (!Number.isSafeInteger(size) || size < 0) throw invalid('size', 'The size must be a number of bytes.');
  if (size > maxFileSize) {
    throw new HoldfastError('too_large', `The file is larger than ${formatSize(maxFileSize)}, the most that is taken.`);
  }
}

export function checkExpiry(expiresAt: Date | undefined, now: number): void {
  if (expiresAt && !(expiresAt.getTime() > now)) throw invalid('expires_at', 'The expiry must be in the future.');
}

export function checkType(contentType: string, { allowedTypes }: FilesSettings): void {
  if (allowedTypes.length === 0 || allowedTypes.some((pattern) => matchesType(contentType, pattern))) return;
  throw new HoldfastError(
    'type_not_allowed',
    `Files of type ${contentType} are not taken here; allowed: ${allowedTypes.join(', ')}.`,
  );
}

const invalid = (path: string, message: string) =>
  new HoldfastError('invalid_request', message, { fields: [{ path, message }] });
