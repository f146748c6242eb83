import { isUtf8 } from 'node:buffer';
import { HoldfastError } from '../../../base/errors.ts';

/** What the headers of a part of a form say (RFC 7578, 4.2). */
export interface PartHeaders {
  readonly field: string;
  /** Undefined where the part is no file. */
  readonly fileName: string | undefined;
  /** As declared; empty where nothing was. */
  readonly contentType: string;
}

/** RFC 2046, 5.1.1. */
const MAX_BOUNDARY = 70;
const BOUNDARY = /;\s*boundary=(?:"([^"\r\n]+)"|([^\s;"]+))/i;

export const isForm = (contentType: string | undefined): contentType is string =>
  contentType !== undefined && /^multipart\/form-data(?:\s*;|\s*$)/i.test(contentType);

/** The boundary that a Content-Type names. Throws `invalid_request`. */
export function boundaryOf(contentType: string): string {
  const match = BOUNDARY.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined || boundary.length > MAX_BOUNDARY) {
    throw malformed('The Content-Type multipart/form-data must name a boundary of 1 to 70 characters.');
  }
  return boundary;
}

/** Reads the header block of a part, without its empty line. Throws `invalid_request` for what is none. */
export function parsePartHeaders(block: Buffer): PartHeaders {
  // Names are in UTF-8 (RFC 7578, 5.1); what cannot be, comes from clients that still send Latin-1.
  const text = block.toString(isUtf8(block) ? 'utf8' : 'latin1');
  const headers = new Map<string, string>();
  for (const line of text === '' ? [] : text.split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    if (colon < 1 || /[^!#$%&'*+.^_`|~\w-]/.test(name))
      throw malformed('A part of the form has a header that is none.');
    if (headers.has(name)) throw malformed(`A part of the form has the header ${name} twice.`);
    headers.set(name, line.slice(colon + 1).trim());
  }
  const disposition = headers.get('content-disposition') ?? '';
  const params = parseParameters(disposition);
  const field = params?.get('name');
  if (!/^form-data\s*(?:;|$)/i.test(disposition) || field === undefined) {
    throw malformed('A part of the form has no "Content-Disposition: form-data" header with a name.');
  }
  return {
    field: decodeQuoted(field),
    fileName: fileNameOf(params as ReadonlyMap<string, string>),
    contentType: headers.get('content-type') ?? '',
  };
}

const PARAMETER = /;\s*([!#$%&'*+.^_`|~\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))\s*/y;

/** The parameters after the first word of a header; undefined where they are none. */
function parseParameters(value: string): Map<string, string> | undefined {
  const semicolon = value.indexOf(';');
  const params = new Map<string, string>();
  if (semicolon < 0) return params;
  PARAMETER.lastIndex = semicolon;
  while (PARAMETER.lastIndex < value.length) {
    const match = PARAMETER.exec(value);
    if (!match) return undefined;
    const [, name, quoted, token] = match as unknown as [string, string, string | undefined, string | undefined];
    params.set(name.toLowerCase(), quoted ?? token ?? '');
  }
  return params;
}

/** `filename*` is not of RFC 7578, but some clients send it beside or in place of `filename`. */
function fileNameOf(params: ReadonlyMap<string, string>): string | undefined {
  const extended = /^utf-8'[^']*'(.*)$/i.exec(params.get('filename*') ?? '')?.[1];
  if (extended !== undefined) {
    try {
      return decodeURIComponent(extended);
    } catch {
      throw malformed('A part of the form has a filename* that is not UTF-8.');
    }
  }
  const plain = params.get('filename');
  return plain === undefined ? undefined : decodeQuoted(plain);
}

/** Undoes what clients do to quotes and line breaks: `%22` (WHATWG), or a backslash before a quote or a backslash. */
function decodeQuoted(text: string): string {
  return text
    .replace(/\\(["\\])/g, '$1')
    .replace(/%(22|0A|0D)/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

export const malformed = (detail: string) => new HoldfastError('invalid_request', detail);
