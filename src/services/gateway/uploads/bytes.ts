import { HoldfastError } from '../../../base/errors.ts';

/** Bytes that come when they are asked for: what is not asked for stays with the sender. */
export interface Bytes {
  /**
   * The next chunk, never empty; undefined at the end, and ever after. One call at a time. Throws a HoldfastError
   * when the bytes break off.
   */
  next(): Promise<Buffer | undefined>;
}

/** The first bytes, and whether they are all there are. */
export interface Head {
  readonly bytes: Buffer;
  readonly whole: boolean;
}

/** Reads until more than `limit` bytes are at hand (by less than one chunk) or the end. */
export async function readHead(source: Bytes, limit: number): Promise<Head> {
  const first = await source.next();
  if (first === undefined) return { bytes: Buffer.alloc(0), whole: true };
  const chunks = [first];
  let size = first.length;
  let whole = false;
  while (size <= limit && !whole) {
    const chunk = await source.next();
    if (chunk === undefined) whole = true;
    else {
      chunks.push(chunk);
      size += chunk.length;
    }
  }
  return { bytes: chunks.length === 1 ? first : Buffer.concat(chunks, size), whole };
}

/** All of it as text. Throws `invalid_request` for more than `limit` bytes, or for what is not UTF-8. */
export async function readText(source: Bytes, limit: number, what: string): Promise<string> {
  const { bytes, whole } = await readHead(source, limit);
  if (!whole || bytes.length > limit) throw invalid(what, `${what} is longer than ${limit} bytes.`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid(what, `${what} is not valid UTF-8.`);
  }
}

const invalid = (path: string, message: string) =>
  new HoldfastError('invalid_request', message, { fields: [{ path, message }] });
