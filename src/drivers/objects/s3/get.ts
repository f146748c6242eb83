import type { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { HoldfastError } from '../../../base/errors.ts';
import { atHand } from '../body.ts';
import { checkKey } from '../keys.ts';
import type { ByteRange, ObjectBody } from '../port.ts';
import { at, type Bucket, bareEtag, quoted } from './bucket.ts';
import { answered } from './errors.ts';
import { ResumingBody } from './resuming-body.ts';

/** Bytes up to which a body is read at once, so that nobody holds a connection for it. */
const SHORT = 64 * 1024;

interface GetOptions {
  readonly range?: ByteRange;
  readonly signal?: AbortSignal;
}

export async function get(bucket: Bucket, key: string, { range, signal }: GetOptions = {}): Promise<ObjectBody> {
  checkKey(key);
  signal?.throwIfAborted();
  if (range && !isRange(range)) throw notSatisfiable();
  const opened = await open(bucket, key, { range, signal });
  const { length, etag } = opened;
  const start = range?.first ?? 0;
  const body = new ResumingBody({
    length,
    source: opened.stream,
    reopen: async (offset) => {
      const rest = { first: start + offset, last: start + length - 1 };
      return (await open(bucket, key, { range: rest, signal, etag })).stream;
    },
    signal,
  });
  if (length > SHORT) return { stream: body, length };
  return atHand(Buffer.concat(await body.toArray()));
}

interface Opened {
  readonly stream: Readable;
  readonly length: number;
  readonly etag: string | undefined;
}

interface OpenOptions {
  readonly range: ByteRange | undefined;
  readonly signal: AbortSignal | undefined;
  /** What the object must have. */
  readonly etag?: string | undefined;
}

async function open(bucket: Bucket, key: string, { range, signal, etag }: OpenOptions): Promise<Opened> {
  const command = new GetObjectCommand({
    ...at(bucket, key),
    ...(range && { Range: `bytes=${range.first}-${range.last}` }),
    ...(etag !== undefined && { IfMatch: quoted(etag) }),
  });
  const request = bucket.clients.reader.send(command, signal ? { abortSignal: signal } : {});
  const found = await answered(request, signal);
  const stream = found.Body as Readable;
  const length = found.ContentLength ?? -1;
  const wanted = range ? range.last - range.first + 1 : length;
  if (length === wanted && length >= 0 && (!range || startsAt(found.ContentRange, range))) {
    return { stream, length, etag: bareEtag(found.ETag) };
  }
  // Of what lies beyond the end, stores give the rest.
  stream.on('error', () => {}).destroy();
  if (range && length >= 0 && length < wanted) throw notSatisfiable();
  throw new HoldfastError('unavailable', 'The object store answered with something else than was asked for.');
}

/** Some stores answer a range that is the whole as the whole. */
const startsAt = (contentRange: string | undefined, { first }: ByteRange): boolean =>
  contentRange === undefined ? first === 0 : contentRange.startsWith(`bytes ${first}-`);

const isRange = ({ first, last }: ByteRange): boolean =>
  Number.isSafeInteger(first) && Number.isSafeInteger(last) && first >= 0 && first <= last;

const notSatisfiable = (): HoldfastError =>
  new HoldfastError('range_not_satisfiable', 'The object does not have this range.');
