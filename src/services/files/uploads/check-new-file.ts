import { matchesType } from '../../../base/content-types.ts';
import { toWord } from '../../../base/enum-words.ts';
import { HoldfastError } from '../../../base/errors.ts';
import { formatSize } from '../../../base/units.ts';
import { type NewFile, Visibility } from '../../../contract/holdfast/v1/file.ts';
import type { FilesSettings } from '../deps.ts';
import { invalidField } from '../invalid.ts';
import { checkMetadata, nameKey, normalizeFolder, normalizeName } from '../names.ts';

/** The last that google.protobuf.Timestamp and RFC 3339 can say. */
const LAST_TIME = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const SHA256 = /^[0-9a-f]{64}$/;
/** What can stand in a header: it is sent back as one, and object stores take it as one. */
const CONTENT_TYPE = /^[\x20-\x7e]{0,255}$/;

export type CheckedFile = ReturnType<typeof checkNewFile>;

/** Checks what was declared of a file and brings it to the form in which it is kept. */
export function checkNewFile(file: NewFile, settings: FilesSettings, now: number) {
  const name = normalizeName(file.name);
  checkSize(file.size, settings.maxFileSize);
  if (file.sha256 !== undefined && !SHA256.test(file.sha256)) {
    throw invalidField('sha256', 'A SHA-256 is 64 lower-case hex digits.');
  }
  if (!CONTENT_TYPE.test(file.contentType)) {
    throw invalidField('content_type', 'A content type is at most 255 printable ASCII characters, such as image/jpeg.');
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
  if (!Number.isSafeInteger(size) || size < 0) throw invalidField('size', 'The size must be a number of bytes.');
  if (size > maxFileSize) {
    throw invalidField(
      'size',
      `The file is larger than ${formatSize(maxFileSize)}, the most that is taken.`,
      'too_large',
    );
  }
}

export function checkExpiry(expiresAt: Date | undefined, now: number): void {
  if (expiresAt && !(expiresAt.getTime() > now && expiresAt.getTime() <= LAST_TIME)) {
    throw invalidField('expires_at', 'The expiry must be in the future, and before the year 10000.');
  }
}

export function checkType(contentType: string, { allowedTypes }: FilesSettings): void {
  if (allowedTypes.length === 0 || allowedTypes.some((pattern) => matchesType(contentType, pattern))) return;
  throw new HoldfastError(
    'type_not_allowed',
    `Files of type ${contentType.slice(0, 255)} are not taken here; allowed: ${allowedTypes.join(', ')}.`,
  );
}
