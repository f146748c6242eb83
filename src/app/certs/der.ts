/** The Distinguished Encoding Rules (ITU-T X.690), as far as certificates need them. */

const TAGS = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

function tagged(tag: number, content: Uint8Array): Buffer {
  const length: number[] = [];
  for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256);
  const header = content.length < 128 ? [tag, content.length] : [tag, 0x80 | length.length, ...length];
  return Buffer.concat([Buffer.from(header), content]);
}

export const sequence = (...items: Uint8Array[]): Buffer => tagged(TAGS.sequence, Buffer.concat(items));
export const setOf = (item: Uint8Array): Buffer => tagged(TAGS.set, item);
export const octetString = (content: Uint8Array): Buffer => tagged(TAGS.octetString, content);
export const utf8 = (text: string): Buffer => tagged(TAGS.utf8, Buffer.from(text));
export const boolean = (value: boolean): Buffer => Buffer.from([0x01, 0x01, value ? 0xff : 0x00]);

/** A whole number that is not negative, by its bytes, the highest first. */
export function integer(bytes: Uint8Array): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const value = start === -1 ? Buffer.of(0) : Buffer.from(bytes.subarray(start));
  return tagged(TAGS.integer, (value[0] as number) < 0x80 ? value : Buffer.concat([Buffer.of(0), value]));
}

/** `unused` bits at the end of the last byte mean nothing. */
export const bitString = (content: Uint8Array, unused = 0): Buffer =>
  tagged(TAGS.bitString, Buffer.concat([Buffer.of(unused), content]));

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) digits.unshift(0x80 | (left % 128));
    return digits;
  });
  return tagged(TAGS.oid, Buffer.from(bytes));
}

/** To the second. The form depends on the year (RFC 5280, section 4.1.2.5). */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/\.\d+|[-:T]/g, '');
  return date.getUTCFullYear() < 2050
    ? tagged(TAGS.utcTime, Buffer.from(digits.slice(2)))
    : tagged(TAGS.generalizedTime, Buffer.from(digits));
}

/** `[n]` around something whole, or in place of the tag of something whole. */
export const explicit = (number: number, content: Uint8Array): Buffer => tagged(0xa0 | number, content);
export const implicit = (number: number, content: Uint8Array): Buffer => tagged(0x80 | number, content);
