import type { IncomingHttpHeaders } from 'node:http';
import type { ByteRange } from '../../../drivers/objects/port.ts';
import { parseRange } from './range.ts';

/** What the conditions of a request are held against. */
export interface Representation {
  /** Bytes. */
  readonly size: number;
  /** Strong, in its quotes. */
  readonly etag: string;
  readonly modifiedAt: Date;
}

export type Outcome =
  | { readonly status: 200 }
  | { readonly status: 206; readonly range: ByteRange }
  | { readonly status: 304 }
  | { readonly status: 412 }
  | { readonly status: 416 };

const ENTITY_TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;
const IMF_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** Seconds; undefined for what is no HTTP-date, which is to be ignored. */
function parseDate(header: string): number | undefined {
  if (!IMF_DATE.test(header)) return undefined;
  const time = Date.parse(header);
  return Number.isNaN(time) ? undefined : time / 1000;
}

const inSeconds = (date: Date): number => Math.floor(date.getTime() / 1000);
const opaque = (tag: string): string => (tag.startsWith('W/') ? tag.slice(2) : tag);
const tags = (header: string): string[] => header.match(ENTITY_TAG) ?? [];

const matchesStrongly = (header: string, etag: string): boolean => header.trim() === '*' || tags(header).includes(etag);
const matchesWeakly = (header: string, etag: string): boolean =>
  header.trim() === '*' || tags(header).some((tag) => opaque(tag) === etag);

/** Evaluates what a GET or HEAD asks for under conditions, in the order of RFC 9110, 13.2.2. */
export function evaluate(method: string, headers: IncomingHttpHeaders, found: Representation): Outcome {
  const modified = inSeconds(found.modifiedAt);

  const ifMatch = headers['if-match'];
  const ifUnmodifiedSince = headers['if-unmodified-since'];
  if (ifMatch !== undefined) {
    if (!matchesStrongly(ifMatch, found.etag)) return { status: 412 };
  } else if (ifUnmodifiedSince !== undefined) {
    const since = parseDate(ifUnmodifiedSince);
    if (since !== undefined && modified > since) return { status: 412 };
  }

  const ifNoneMatch = headers['if-none-match'];
  const ifModifiedSince = headers['if-modified-since'];
  if (ifNoneMatch !== undefined) {
    if (matchesWeakly(ifNoneMatch, found.etag)) return { status: 304 };
  } else if (ifModifiedSince !== undefined) {
    const since = parseDate(ifModifiedSince);
    if (since !== undefined && modified <= since) return { status: 304 };
  }

  const { range } = headers;
  if (range === undefined || method !== 'GET' || !isStillTheSame(headers['if-range'], found)) return { status: 200 };
  const asked = parseRange(range, found.size);
  if (asked === 'whole') return { status: 200 };
  return asked === 'none' ? { status: 416 } : { status: 206, range: asked };
}

/** If-Range: the validator must be strong, so a date counts only if nothing could have changed within its second. */
function isStillTheSame(ifRange: string | string[] | undefined, found: Representation): boolean {
  if (typeof ifRange !== 'string') return true;
  const validator = ifRange.trim();
  if (validator.endsWith('"')) return validator === found.etag;
  return parseDate(validator) === inSeconds(found.modifiedAt) && Date.now() - found.modifiedAt.getTime() > 1000;
}
