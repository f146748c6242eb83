/**
 * One error type with a stable code, and the one table that says what each code means to HTTP, to gRPC and to
 * whoever thinks of trying again. The same code stands in problem+json, status details, job rows and logs.
 */

interface ErrorMeaning {
  /** HTTP status. */
  readonly http: number;
  /** Canonical gRPC status code by number (grpc/grpc, doc/statuscodes.md). */
  readonly grpc: number;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;
  /** Short, and the same for each occurrence (RFC 9457, `title`). */
  readonly title: string;
}

const GRPC = {
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
  CANCELLED: 1,
} as const;

const meaning = (http: number, grpc: number, title: string, retryable = false): ErrorMeaning => ({
  http,
  grpc,
  retryable,
  title,
});

export const ERRORS = {
  invalid_request: meaning(400, GRPC.INVALID_ARGUMENT, 'The request is not valid'),
  invalid_name: meaning(400, GRPC.INVALID_ARGUMENT, 'The name is not valid'),
  invalid_cursor: meaning(400, GRPC.INVALID_ARGUMENT, 'The cursor is not valid'),
  incomplete_body: meaning(400, GRPC.INVALID_ARGUMENT, 'The body ended too early'),
  size_mismatch: meaning(400, GRPC.INVALID_ARGUMENT, 'The size is not the one declared'),
  checksum_mismatch: meaning(400, GRPC.INVALID_ARGUMENT, 'The checksum is not the one declared'),
  token_invalid: meaning(400, GRPC.INVALID_ARGUMENT, 'The token is not valid any more'),
  unauthenticated: meaning(401, GRPC.UNAUTHENTICATED, 'Not signed in'),
  sign_in_expired: meaning(400, GRPC.FAILED_PRECONDITION, 'The sign-in is over'),
  wrong_credentials: meaning(401, GRPC.UNAUTHENTICATED, 'E-mail or password is wrong'),
  forbidden: meaning(403, GRPC.PERMISSION_DENIED, 'Not allowed'),
  email_unverified: meaning(403, GRPC.FAILED_PRECONDITION, 'The e-mail is not confirmed yet'),
  sign_in_refused: meaning(403, GRPC.PERMISSION_DENIED, 'The provider did not sign you in'),
  signup_refused: meaning(403, GRPC.PERMISSION_DENIED, 'Not everybody can make an account'),
  account_disabled: meaning(403, GRPC.PERMISSION_DENIED, 'The account cannot sign in'),
  signature_invalid: meaning(403, GRPC.PERMISSION_DENIED, 'The signature is not valid'),
  signature_expired: meaning(403, GRPC.PERMISSION_DENIED, 'The signed URL has expired'),
  not_found: meaning(404, GRPC.NOT_FOUND, 'Not found'),
  variant_pending: meaning(404, GRPC.NOT_FOUND, 'The variant is still being made', true),
  method_not_allowed: meaning(405, GRPC.INVALID_ARGUMENT, 'The method is not allowed here'),
  request_timeout: meaning(408, GRPC.DEADLINE_EXCEEDED, 'The request took too long to arrive', true),
  conflict: meaning(409, GRPC.ABORTED, 'In conflict with the present state'),
  email_taken: meaning(409, GRPC.ALREADY_EXISTS, 'There is an account with this e-mail'),
  upload_not_complete: meaning(409, GRPC.FAILED_PRECONDITION, 'The bytes are not all there'),
  upload_closed: meaning(409, GRPC.FAILED_PRECONDITION, 'The upload is not open any more'),
  upload_busy: meaning(409, GRPC.ABORTED, 'Another is confirming this upload', true),
  idempotency_in_flight: meaning(409, GRPC.ABORTED, 'The same request is still being answered', true),
  lease_lost: meaning(409, GRPC.ABORTED, 'The lease is not held any more'),
  gone: meaning(410, GRPC.NOT_FOUND, 'It is being deleted'),
  precondition_failed: meaning(412, GRPC.FAILED_PRECONDITION, 'The precondition failed'),
  too_large: meaning(413, GRPC.INVALID_ARGUMENT, 'Too large'),
  unsupported_media_type: meaning(415, GRPC.INVALID_ARGUMENT, 'The content type is not taken here'),
  range_not_satisfiable: meaning(416, GRPC.OUT_OF_RANGE, 'The range is not satisfiable'),
  type_not_allowed: meaning(422, GRPC.FAILED_PRECONDITION, 'This type of file is not allowed'),
  idempotency_mismatch: meaning(422, GRPC.FAILED_PRECONDITION, 'The key was used for another request'),
  not_processable: meaning(422, GRPC.FAILED_PRECONDITION, 'The file cannot be processed'),
  quota_exceeded: meaning(413, GRPC.RESOURCE_EXHAUSTED, 'The storage quota is used up'),
  file_quota_exceeded: meaning(413, GRPC.RESOURCE_EXHAUSTED, 'There are as many files as there may be'),
  too_many_requests: meaning(429, GRPC.RESOURCE_EXHAUSTED, 'Too many requests', true),
  headers_too_large: meaning(431, GRPC.INVALID_ARGUMENT, 'The headers are too large'),
  cancelled: meaning(499, GRPC.CANCELLED, 'The caller went away'),
  internal: meaning(500, GRPC.INTERNAL, 'Something went wrong on our side'),
  unimplemented: meaning(501, GRPC.UNIMPLEMENTED, 'Not known here'),
  unavailable: meaning(503, GRPC.UNAVAILABLE, 'Not available just now', true),
  deadline_exceeded: meaning(504, GRPC.DEADLINE_EXCEEDED, 'It took too long', true),
  storage_full: meaning(507, GRPC.RESOURCE_EXHAUSTED, 'The object store is full', true),

  // What processing says of a file. These stand in job rows.
  corrupt_input: meaning(422, GRPC.FAILED_PRECONDITION, 'The file is damaged or not what it says it is'),
  encrypted_input: meaning(422, GRPC.FAILED_PRECONDITION, 'The file is protected by a password'),
  too_many_pixels: meaning(422, GRPC.FAILED_PRECONDITION, 'The image has too many pixels'),
  page_out_of_range: meaning(422, GRPC.FAILED_PRECONDITION, 'The document has no such page'),
  out_of_memory: meaning(422, GRPC.FAILED_PRECONDITION, 'Processing needed more memory than it may have'),
  job_timeout: meaning(422, GRPC.DEADLINE_EXCEEDED, 'Processing took too long', true),
  processor_crashed: meaning(422, GRPC.INTERNAL, 'The processor crashed', true),
} as const satisfies Record<string, ErrorMeaning>;

export type ErrorCode = keyof typeof ERRORS;

/** A request field that is wrong, by its path (`metadata.key`). */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

interface ErrorExtras {
  readonly fields?: readonly FieldError[];
  /** Seconds until trying again makes sense. */
  readonly retryAfter?: number;
  /** For the log alone: never shown to a caller. */
  readonly cause?: unknown;
}

/** `detail` is read by the caller: a sentence that says what was wrong and what to do; no path, SQL or stack. */
export class HoldfastError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly fields: readonly FieldError[];
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, detail: string, extras: ErrorExtras = {}) {
    super(detail, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.name = 'HoldfastError';
    this.code = code;
    this.detail = detail;
    this.fields = extras.fields ?? [];
    this.retryAfter = extras.retryAfter;
  }

  get meaning(): ErrorMeaning {
    return ERRORS[this.code];
  }
}

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);

export function hasCode(error: unknown, ...codes: ErrorCode[]): boolean {
  return error instanceof HoldfastError && codes.includes(error.code);
}

/** Errno of a Node system error, or undefined. */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return error instanceof Error && typeof code === 'string' ? code : undefined;
}

/**
 * What a caller may hear of any thrown thing. Our own errors pass; what the operating system says of a full disk
 * and an abort have their codes; all else is `internal`, with the cause kept for the log.
 */
export function toHoldfastError(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const errno = errnoOf(error);
  if (errno === 'ENOSPC' || errno === 'EDQUOT' || errno === 'SQLITE_FULL') {
    return new HoldfastError('storage_full', 'The server has no space left. Try again later.', {
      cause: error,
      retryAfter: 60,
    });
  }
  if (error instanceof Error && error.name === 'TimeoutError') {
    return new HoldfastError('deadline_exceeded', 'It took too long. Try again.', { cause: error });
  }
  if (error instanceof Error && error.name === 'AbortError') {
    return new HoldfastError('cancelled', 'The call was cancelled.', { cause: error });
  }
  return new HoldfastError('internal', 'Something went wrong on our side. The request id helps us to find it.', {
    cause: error,
  });
}
