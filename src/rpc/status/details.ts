import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { FieldError } from '../../base/errors.ts';

/** What goes with an error beside its code and its sentence. */
export interface ErrorDetails {
  /** Who says `reason`. */
  readonly domain: string;
  /** UPPER_SNAKE_CASE. */
  readonly reason: string;
  readonly fields: readonly FieldError[];
  /** Seconds. */
  readonly retryAfter: number | undefined;
}

/**
 * The value of `grpc-status-details-bin`: a google.rpc.Status with ErrorInfo, BadRequest and RetryInfo
 * (googleapis, google/rpc/status.proto and error_details.proto), which clients of every language can read.
 */
export function encodeDetails(code: number, message: string, details: ErrorDetails): Buffer {
  const status = new BinaryWriter();
  status.tag(1, WireType.Varint).int32(code);
  status.tag(2, WireType.LengthDelimited).string(message);
  any(status, 'ErrorInfo', (info) => {
    info.tag(1, WireType.LengthDelimited).string(details.reason);
    info.tag(2, WireType.LengthDelimited).string(details.domain);
  });
  if (details.fields.length > 0) {
    any(status, 'BadRequest', (request) => {
      for (const { path, message } of details.fields) {
        request.tag(1, WireType.LengthDelimited).fork();
        request.tag(1, WireType.LengthDelimited).string(path);
        request.tag(2, WireType.LengthDelimited).string(message);
        request.join();
      }
    });
  }
  if (details.retryAfter !== undefined) {
    const milliseconds = Math.round(details.retryAfter * 1000);
    any(status, 'RetryInfo', (info) => {
      info.tag(1, WireType.LengthDelimited).fork();
      info.tag(1, WireType.Varint).int64(Math.floor(milliseconds / 1000));
      info.tag(2, WireType.Varint).int32((milliseconds % 1000) * 1e6);
      info.join();
    });
  }
  const bytes = status.finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const TYPES = 'type.googleapis.com/google.rpc.';

function any(status: BinaryWriter, type: string, write: (value: BinaryWriter) => void): void {
  const value = new BinaryWriter();
  write(value);
  status.tag(3, WireType.LengthDelimited).fork();
  status.tag(1, WireType.LengthDelimited).string(TYPES + type);
  status.tag(2, WireType.LengthDelimited).bytes(value.finish());
  status.join();
}

/** What `encodeDetails` wrote; undefined for what has no ErrorInfo or is no google.rpc.Status at all. */
export function decodeDetails(bytes: Uint8Array): ErrorDetails | undefined {
  const found: Found = { reason: undefined, domain: '', fields: [], retryAfter: undefined };
  try {
    eachField(bytes, (number, reader) => {
      if (number === 3) readAny(reader.bytes(), found);
    });
  } catch {
    return undefined;
  }
  const { reason, ...rest } = found;
  return reason === undefined ? undefined : { reason, ...rest };
}

interface Found {
  reason: string | undefined;
  domain: string;
  fields: FieldError[];
  retryAfter: number | undefined;
}

function readAny(bytes: Uint8Array, found: Found): void {
  let type = '';
  let value: Uint8Array = new Uint8Array();
  eachField(bytes, (number, reader) => {
    if (number === 1) type = reader.string();
    else if (number === 2) value = reader.bytes();
  });
  READERS[type.replace(TYPES, '')]?.(value, found);
}

const READERS: Readonly<Record<string, (bytes: Uint8Array, found: Found) => void>> = {
  ErrorInfo: (bytes, found) => {
    [found.reason = '', found.domain = ''] = stringsOf(bytes);
  },
  BadRequest: (bytes, found) =>
    eachField(bytes, (number, reader) => {
      if (number !== 1) return;
      const [path = '', message = ''] = stringsOf(reader.bytes());
      found.fields.push({ path, message });
    }),
  RetryInfo: (bytes, found) =>
    eachField(bytes, (number, reader) => {
      if (number !== 1) return;
      found.retryAfter = 0;
      eachField(reader.bytes(), (part, duration) => {
        if (part === 1) found.retryAfter = (found.retryAfter ?? 0) + Number(duration.int64());
        else if (part === 2) found.retryAfter = (found.retryAfter ?? 0) + duration.int32() / 1e9;
      });
    }),
};

/** Fields 1 and 2 of a message in which both are strings. */
function stringsOf(bytes: Uint8Array): [first?: string, second?: string] {
  const strings: [first?: string, second?: string] = [];
  eachField(bytes, (number, reader) => {
    if (number === 1 || number === 2) strings[number - 1] = reader.string();
  });
  return strings;
}

/** Hands over each field, by its number; a value that is not read is skipped. */
function eachField(bytes: Uint8Array, read: (number: number, reader: BinaryReader) => void): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    const before = reader.pos;
    read(number, reader);
    if (reader.pos === before) reader.skip(type, number);
  }
}
