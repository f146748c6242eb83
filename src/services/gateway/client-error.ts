import type { Socket } from 'node:net';
import { ERRORS, type ErrorCode, HoldfastError } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { PROBLEM_TYPE, toProblem } from './problem.ts';

const MEANINGS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['headers_too_large', 'The headers of the request are too large. Send fewer or shorter ones.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['too_large', 'The chunk extensions of the body are too large.'],
  HPE_INVALID_EOF_STATE: ['incomplete_body', 'The connection ended before the whole request had come.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'The request did not arrive in time.'],
};

/** Answers what could not even be parsed as a request, as far as the connection still takes an answer. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const [code, detail] = MEANINGS[error.code ?? ''] ?? ['invalid_request', 'This is not a valid HTTP request.'];
  const problem = toProblem(new HoldfastError(code, detail), newId());
  const body = JSON.stringify(problem);
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${ERRORS[code].title}`,
      `Content-Type: ${PROBLEM_TYPE}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${problem.requestId}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
