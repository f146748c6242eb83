/** Whom a mail is from: `Holdfast <files@example.com>`, or the address alone. */
export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

/** What mail servers agree on (RFC 5321, 4.5.3.1, with the erratum on the path's length). */
export const MAX_ADDRESS_BYTES = 254;
const MAX_LOCAL_BYTES = 64;
const MAX_NAME = 200;

/** A dot-atom (RFC 5322, 3.2.3), with the letters of other scripts that RFC 6531 adds to it. */
const LOCAL = /^[\w!#$%&'*+/=?^`{|}~\u0080-\u{10ffff}-]+(\.[\w!#$%&'*+/=?^`{|}~\u0080-\u{10ffff}-]+)*$/u;
const DOMAIN =
  /^[\p{L}\p{M}\p{N}]([\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?(\.[\p{L}\p{M}\p{N}]([\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?)*$/u;
/** Breaks a line, shows as nothing, or turns text around. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u;

/**
 * Whether a mail can be sent there: an address that stands in a header and in a command of SMTP as it is, and so can end
 * neither. One that would have to be quoted, such as `"a b"@example.com`, is none.
 */
export function isMailAddress(text: string): boolean {
  const at = text.lastIndexOf('@');
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || UNSAFE.test(text) || /\s/.test(text)) return false;
  if (Buffer.byteLength(text) > MAX_ADDRESS_BYTES || Buffer.byteLength(local) > MAX_LOCAL_BYTES) return false;
  return LOCAL.test(local) && DOMAIN.test(domain);
}

/** Whether a text can stand in a header: one line, of which all is seen. */
export const isHeaderText = (text: string): boolean => text.isWellFormed() && !UNSAFE.test(text);

/** Undefined for text that is none. */
export function parseMailbox(text: string): Mailbox | undefined {
  const [, quoted, plain, bracketed] = /^(?:"([^"\\]*)"|([^"<>]*))\s*<([^<>]+)>$/.exec(text.trim()) ?? [];
  const name = (quoted ?? plain ?? '').trim();
  const address = (bracketed ?? text).trim();
  if (!isMailAddress(address) || !isHeaderText(name) || name.length > MAX_NAME) return undefined;
  return { name, address };
}
