import { HoldfastError } from '../../../base/errors.ts';

const MAX_CHARACTERS = 200;

/** What others call somebody, where it can be a name here; null otherwise. */
export function displayNameIfAny(text: string | undefined): string | null {
  try {
    return displayName(text);
  } catch {
    return null;
  }
}

/** A person's name, trimmed and NFC; null for none. Throws `invalid_request`. */
export function displayName(text: string | undefined): string | null {
  const name = text?.trim().normalize('NFC') ?? '';
  // Joiners (ZWJ, ZWNJ) are format characters that some scripts need; line breaks and the rest could forge a mail header.
  const invisible = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Cn}\p{Co}]|(?![\u200c\u200d])\p{Cf}/u;
  if (invisible.test(name) || [...name].length > MAX_CHARACTERS) {
    const message = `Give a name of at most ${MAX_CHARACTERS} characters, without line breaks and control characters.`;
    throw new HoldfastError('invalid_request', message, { fields: [{ path: 'name', message }] });
  }
  return name === '' ? null : name;
}
