import { isUtf8 } from 'node:buffer';

/**
 * - `utf`: UTF-8, or UTF-16 with a byte order mark.
 * - `legacy`: another encoding, perhaps; there is nothing in it that no text has.
 */
export interface Text {
  readonly encoding: 'utf' | 'legacy';
  /** For looking for ASCII alone: of UTF-8 and legacy text each byte is a character. */
  readonly characters: string;
}

/** Control characters that no text has (WHATWG, MIME Sniffing, "binary data byte"). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const BINARY = /[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]/;

/** Undefined for bytes that are no text. `isCut` says that more bytes follow, so that the last character may be cut. */
export function asText(bytes: Buffer, isCut: boolean): Text | undefined {
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : undefined;
  const characters = encoding ? decode(bytes, encoding, isCut) : bytes.toString('latin1');
  if (characters === undefined || BINARY.test(characters)) return undefined;
  const isUtf = encoding !== undefined || isUtf8(isCut ? bytes.subarray(0, endOfWhole(bytes)) : bytes);
  return { encoding: isUtf ? 'utf' : 'legacy', characters: characters.replace(/^(\u00ef\u00bb\u00bf|\ufeff)/, '') };
}

function decode(bytes: Buffer, encoding: string, isCut: boolean): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: isCut });
  } catch {
    return undefined;
  }
}

/** Where the last character of UTF-8 that may go on begins, if it does. */
function endOfWhole(bytes: Buffer): number {
  for (let at = bytes.length - 1; at >= Math.max(0, bytes.length - 3); at--) {
    const byte = bytes[at] as number;
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc0) return at;
  }
  return bytes.length;
}
