import { createHmac, hash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * Tokens that mean nothing by themselves: a row with their hash says what they are worth. They can be told at sight, by
 * people and by programs that look for secrets where none should be: a prefix, 32 random bytes, and a checksum, by which
 * a text that only looks like one is known without asking the database.
 */
export const PREFIX = {
  /** In a browser's cookie. */
  session: 'hfs_',
  refresh: 'hfr_',
  api: 'hft_',
  invitation: 'hfi_',
  /** In a mail. */
  verification: 'hfv_',
  reset: 'hfp_',
} as const;

export type TokenKind = keyof typeof PREFIX;

const BYTES = 32;
const SHAPE = /^hf[srtivp]_([\w-]{43})([\da-f]{8})$/;

export const newToken = (kind: TokenKind): string => spell(kind, randomBytes(BYTES));

/** The token that follows another: the same whenever it is asked for, and nobody's guess without the key. */
export const successorOf = (kind: TokenKind, token: string, key: Uint8Array): string =>
  spell(kind, createHmac('sha256', key).update(token).digest());

/** SHA-256: enough for 32 random bytes, which nobody guesses. */
export const hashOf = (token: string): string => hash('sha256', token, 'hex');

/** Whether the text may be one of ours, of this kind. */
export function isToken(kind: TokenKind, text: string): boolean {
  const [, , checksum] = SHAPE.exec(text) ?? [];
  return checksum !== undefined && text.startsWith(PREFIX[kind]) && checksum === checksumOf(text.slice(0, -8));
}

function spell(kind: TokenKind, bytes: Buffer): string {
  const text = `${PREFIX[kind]}${bytes.toString('base64url')}`;
  return text + checksumOf(text);
}

const checksumOf = (text: string): string => crc32(text).toString(16).padStart(8, '0');
