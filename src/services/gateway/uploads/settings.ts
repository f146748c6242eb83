import { fromWord } from '../../../base/enum-words.ts';
import { HoldfastError } from '../../../base/errors.ts';
import { type NewFile, Visibility } from '../../../contract/holdfast/v1/file.ts';

/** What a client may say of files beside their names and bytes. */
export type FileSettings = Pick<NewFile, 'folder' | 'metadata' | 'visibility' | 'expiresAt'>;

export const DEFAULT_SETTINGS: FileSettings = { folder: '', metadata: {}, visibility: Visibility.UNSPECIFIED };

/** The fields of a form, and the query parameters, that set them. */
export const SETTING_NAMES = ['folder', 'metadata', 'visibility', 'expiresAt'] as const;
export type SettingName = (typeof SETTING_NAMES)[number];

export const isSettingName = (name: string): name is SettingName => (SETTING_NAMES as readonly string[]).includes(name);

/** The settings with one of them as the text says. Throws `invalid_request` for text that does not fit it. */
export function withSetting(settings: FileSettings, name: SettingName, text: string): FileSettings {
  return { ...settings, ...PARSERS[name](text) };
}

const PARSERS: Readonly<Record<SettingName, (text: string) => Partial<FileSettings>>> = {
  folder: (folder) => ({ folder }),
  metadata: (text) => ({ metadata: parseMetadata(text) }),
  visibility: (text) => {
    if (text !== 'private' && text !== 'public')
      throw invalid('visibility', 'visibility must be "private" or "public".');
    return { visibility: fromWord(Visibility, text) };
  },
  expiresAt: (text) => ({ expiresAt: parseTime('expiresAt', text) }),
};

function parseMetadata(text: string): Record<string, string> {
  let metadata: unknown;
  try {
    metadata = JSON.parse(text);
  } catch {
    throw invalid('metadata', 'metadata must be a JSON object of strings, such as {"camera":"X100"}.');
  }
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    throw invalid('metadata', 'metadata must be a JSON object of strings, such as {"camera":"X100"}.');
  }
  for (const [key, value] of Object.entries(metadata)) {
    // As in a JSON body: it would change what the object is.
    if (key === '__proto__') throw invalid('metadata', 'metadata cannot have the key "__proto__".');
    if (typeof value !== 'string')
      throw invalid(`metadata.${key}`, `The value of ${JSON.stringify(key)} in metadata must be a string.`);
  }
  return metadata as Record<string, string>;
}

const TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** A time of RFC 3339. Throws `invalid_request` naming the field. */
export function parseTime(field: string, text: string): Date {
  const time = new Date(text);
  if (!TIME.test(text) || Number.isNaN(time.getTime())) {
    throw invalid(field, `${field} must be a time of RFC 3339, such as 2030-01-31T12:00:00Z.`);
  }
  return time;
}

const invalid = (path: string, message: string) =>
  new HoldfastError('invalid_request', message, { fields: [{ path, message }] });
