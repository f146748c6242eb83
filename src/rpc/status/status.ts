import { Metadata, status as Status, type StatusObject } from '@grpc/grpc-js';
import { type ErrorCode, HoldfastError, isErrorCode } from '../../base/errors.ts';
import { decodeDetails, encodeDetails } from './details.ts';

const DETAILS = 'grpc-status-details-bin';

/** Whose errors these are: what a method says, and what the server says of a call before any method is asked. */
export const METHOD_ERRORS = 'holdfast';
export const CALL_ERRORS = 'rpc.holdfast';

/** Answers that grow with the request stay within what clients take of trailers (8 KiB in some). */
const MOST_FIELDS = 20;
const LONGEST_TEXT = 1_000;

/** An error as it goes over the wire: the code of the table, and in its details what the table of gRPC has no word for. */
export function toStatus(error: HoldfastError, domain = METHOD_ERRORS): StatusObject {
  const code = error.meaning.grpc;
  const details = cut(error.detail);
  const metadata = new Metadata();
  metadata.set(
    DETAILS,
    encodeDetails(code, details, {
      domain,
      reason: error.code.toUpperCase(),
      fields: error.fields
        .slice(0, MOST_FIELDS)
        .map(({ path, message }) => ({ path: cut(path), message: cut(message) })),
      retryAfter: error.retryAfter,
    }),
  );
  return { code, details, metadata };
}

/** Short, and text that can be encoded: half a surrogate pair cannot. */
const cut = (text: string): string => text.slice(0, LONGEST_TEXT).toWellFormed();

/** What a client says of a status that came without our details, or with a reason that it does not know yet. */
const BY_STATUS: Readonly<Partial<Record<Status, ErrorCode>>> = {
  [Status.CANCELLED]: 'cancelled',
  [Status.INVALID_ARGUMENT]: 'invalid_request',
  [Status.DEADLINE_EXCEEDED]: 'deadline_exceeded',
  [Status.NOT_FOUND]: 'not_found',
  [Status.ALREADY_EXISTS]: 'conflict',
  [Status.PERMISSION_DENIED]: 'forbidden',
  // The limits of messages are what gRPC itself says this of.
  [Status.RESOURCE_EXHAUSTED]: 'too_large',
  [Status.FAILED_PRECONDITION]: 'conflict',
  [Status.ABORTED]: 'conflict',
  [Status.OUT_OF_RANGE]: 'invalid_request',
  [Status.UNIMPLEMENTED]: 'unimplemented',
  [Status.UNAVAILABLE]: 'unavailable',
  [Status.UNAUTHENTICATED]: 'unauthenticated',
};

/** What the user may read where the transport, and not the method, says that the call failed. */
const SENTENCES: Readonly<Partial<Record<ErrorCode, string>>> = {
  cancelled: 'The call was cancelled.',
  deadline_exceeded: 'It took too long. Try again.',
  too_large: 'The message is larger than a call may carry.',
  unimplemented: 'The server does not know this call. It may be of an older version.',
  unavailable: 'A part of the server is not available just now. Try again in a moment.',
};
const SORRY = 'Something went wrong on our side. The request id helps us to find it.';

/** The error that a status stands for. The words of the transport are its cause, for the log. */
export function fromStatus({ code, details, metadata }: StatusObject, path: string): HoldfastError {
  const [bytes] = metadata.get(DETAILS);
  const known = typeof bytes === 'object' ? decodeDetails(bytes) : undefined;
  const reason = known?.reason.toLowerCase() ?? '';
  const cause = new Error(`${path}: ${Status[code] ?? code}: ${details}`);
  if (known?.domain === METHOD_ERRORS) {
    const { fields, retryAfter } = known;
    const named = isErrorCode(reason) ? reason : (BY_STATUS[code] ?? 'internal');
    return new HoldfastError(named, details, { fields, cause, ...(retryAfter !== undefined && { retryAfter }) });
  }
  // That this process may not call another, or speaks to it in the wrong way, is no fault of whoever asked this one.
  const ours = known?.domain === CALL_ERRORS && reason !== 'unavailable';
  const named = ours ? 'internal' : (BY_STATUS[code] ?? 'internal');
  const retryAfter = known?.retryAfter;
  return new HoldfastError(named, SENTENCES[named] ?? SORRY, {
    cause,
    ...(retryAfter !== undefined && { retryAfter }),
  });
}
