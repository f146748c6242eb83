import { HoldfastError } from '../../../base/errors.ts';
import type { Bytes } from './bytes.ts';
import { malformed, type PartHeaders, parsePartHeaders } from './form-headers.ts';

/** Bytes of the header block of one part. */
const MAX_HEADERS = 16 * 1024;
/** Bytes before the first and after the last boundary, which mean nothing. */
const MAX_PADDING = 64 * 1024;

const CRLF = Buffer.from('\r\n');
const EMPTY = Buffer.alloc(0);

export interface FormPart extends PartHeaders {
  /** Must be read to its end before the next part is asked for; has nothing from then on. */
  readonly body: Bytes;
}

/**
 * Reads a multipart/form-data body (RFC 7578) part by part, in the order and at the speed in which it is asked for.
 * Whatever is not well-formed is refused with `invalid_request`, and a body that ends before its closing boundary
 * with `incomplete_body`: no part is ever left out silently.
 */
export class FormReader {
  readonly #source: Bytes;
  /** What ends a part: a line break, two dashes and the boundary. */
  readonly #delimiter: Buffer;
  /** Read but not used yet. */
  #buffer: Buffer = EMPTY;
  #begun = false;
  #inPart = false;
  /** Of the part that is being read, from 1. */
  #number = 0;

  constructor(source: Bytes, boundary: string) {
    this.#source = source;
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  }

  /** The next part; undefined after the last, when the whole body has been read. */
  async next(): Promise<FormPart | undefined> {
    if (this.#inPart) throw new Error('the part before has not been read to its end');
    if (!this.#begun) await this.#skipPreamble();
    if (await this.#atClosing()) {
      await this.#skipEpilogue();
      return undefined;
    }
    const headers = parsePartHeaders(await this.#readHeaders());
    this.#inPart = true;
    const number = ++this.#number;
    return {
      ...headers,
      body: { next: async () => (number === this.#number ? this.#nextOfPart() : undefined) },
    };
  }

  async #skipPreamble(): Promise<void> {
    this.#begun = true;
    // The first boundary needs no line break before it.
    this.#buffer = CRLF;
    this.#inPart = true;
    let skipped = 0;
    try {
      for (let chunk = await this.#nextOfPart(); chunk; chunk = await this.#nextOfPart()) {
        skipped += chunk.length;
        if (skipped > MAX_PADDING) throw noBoundary();
      }
    } catch (error) {
      throw error instanceof EndOfForm ? noBoundary() : error;
    }
  }

  async #skipEpilogue(): Promise<void> {
    let skipped = 0;
    for (let chunk: Buffer | undefined = this.#buffer; chunk; chunk = await this.#source.next()) {
      skipped += chunk.length;
      if (skipped > MAX_PADDING) throw malformed('The body goes on after its closing boundary.');
    }
    this.#buffer = EMPTY;
  }

  /** After a boundary: two dashes close the form; otherwise the line ends, white space aside. */
  async #atClosing(): Promise<boolean> {
    await this.#fill(2);
    if (this.#buffer[0] === 0x2d && this.#buffer[1] === 0x2d) return true;
    const line = await this.#readThrough(CRLF, MAX_HEADERS);
    if (line.some((byte) => byte !== 0x20 && byte !== 0x09))
      throw malformed('A boundary in the body is not followed by a line break.');
    return false;
  }

  async #readHeaders(): Promise<Buffer> {
    await this.#fill(2);
    if (this.#buffer.subarray(0, 2).equals(CRLF)) {
      this.#buffer = this.#buffer.subarray(2);
      return EMPTY;
    }
    return this.#readThrough(Buffer.from('\r\n\r\n'), MAX_HEADERS);
  }

  /** What comes before `mark`, which is taken too. */
  async #readThrough(mark: Buffer, limit: number): Promise<Buffer> {
    for (;;) {
      const end = this.#buffer.indexOf(mark);
      if (end > limit || (end < 0 && this.#buffer.length > limit)) {
        throw malformed(`The headers of a part of the form are larger than ${limit} bytes.`);
      }
      if (end >= 0) {
        const taken = this.#buffer.subarray(0, end);
        this.#buffer = this.#buffer.subarray(end + mark.length);
        return taken;
      }
      await this.#fill(this.#buffer.length + 1);
    }
  }

  async #nextOfPart(): Promise<Buffer | undefined> {
    while (this.#inPart) {
      const end = this.#buffer.indexOf(this.#delimiter);
      if (end >= 0) {
        const last = this.#buffer.subarray(0, end);
        this.#buffer = this.#buffer.subarray(end + this.#delimiter.length);
        this.#inPart = false;
        return last.length > 0 ? last : undefined;
      }
      const safe = this.#buffer.length - this.#openEnd();
      if (safe > 0) {
        const chunk = this.#buffer.subarray(0, safe);
        this.#buffer = this.#buffer.subarray(safe);
        return chunk;
      }
      await this.#fill(this.#buffer.length + 1);
    }
    return undefined;
  }

  /** Bytes at the end of the buffer with which a delimiter may begin. It holds one line break alone: its first byte. */
  #openEnd(): number {
    const from = Math.max(0, this.#buffer.length - this.#delimiter.length + 1);
    const end = this.#buffer.subarray(from);
    const start = end.lastIndexOf(0x0d);
    if (start < 0) return 0;
    const open = end.subarray(start);
    return open.equals(this.#delimiter.subarray(0, open.length)) ? open.length : 0;
  }

  /** Has at least `size` bytes in the buffer. */
  async #fill(size: number): Promise<void> {
    while (this.#buffer.length < size) {
      const chunk = await this.#source.next();
      if (!chunk) throw new EndOfForm();
      this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    }
  }
}

class EndOfForm extends HoldfastError {
  constructor() {
    super('incomplete_body', 'The form ends before its closing boundary.');
  }
}

const noBoundary = () => malformed('The body does not begin with the boundary that its Content-Type names.');
