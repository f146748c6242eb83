import type { FastifyReply, FastifyRequest } from 'fastify';
import { HoldfastError, toHoldfastError } from '../../base/errors.ts';
import { logFailure } from '../../base/log-failure.ts';
import { PROBLEM_TYPE, toProblem } from '../../base/problem.ts';
import { inWordsOfTheApi } from './field-paths.ts';

export { PROBLEM_TYPE, toProblem } from '../../base/problem.ts';

const DETAILS: Readonly<Record<string, readonly [HoldfastError['code'], string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'This route does not take that Content-Type.'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['too_large', 'The body is larger than this route takes.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['incomplete_body', 'The body is not as long as Content-Length says.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['invalid_request', 'The body is not valid JSON.'],
  FST_ERR_BAD_URL: ['invalid_request', 'The URL holds a percent sign that encodes nothing. Encode "%" as "%25".'],
  FST_ERR_MAX_PARAM_LENGTH: ['not_found', 'There is nothing at this URL.'],
};

/** What the HTTP framework throws, in our words; all else by `toHoldfastError`. */
export function toError(thrown: unknown): HoldfastError {
  if (thrown instanceof HoldfastError) return thrown;
  const { code, statusCode } = (thrown ?? {}) as { code?: unknown; statusCode?: unknown };
  const known = typeof code === 'string' ? DETAILS[code] : undefined;
  if (known) return new HoldfastError(...known, { cause: thrown });
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') {
    return new HoldfastError('incomplete_body', 'The connection closed before the whole body had come.', {
      cause: thrown,
    });
  }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    if (statusCode === 413) return new HoldfastError('too_large', 'The body is too large.', { cause: thrown });
    if (statusCode === 415 || statusCode === 406) {
      return new HoldfastError('unsupported_media_type', 'This route does not take that Content-Type.', {
        cause: thrown,
      });
    }
    return new HoldfastError('invalid_request', 'The request could not be understood.', { cause: thrown });
  }
  return toHoldfastError(thrown);
}

const BODY_HEADERS = ['content-length', 'content-encoding', 'content-disposition', 'etag', 'last-modified'];

/** Seconds until it is worth asking again, where what we stand on is down and nobody knows for how long. */
const OUTAGE = 5;

/** Answers with a problem, in place of whatever was about to be sent. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, thrown: unknown): FastifyReply {
  const error = toError(thrown);
  const { http } = error.meaning;
  if (http >= 500) logFailure(request.call.log, error);
  for (const header of BODY_HEADERS) reply.removeHeader(header);
  const retryAfter = error.retryAfter ?? (http === 503 ? OUTAGE : undefined);
  if (retryAfter !== undefined) reply.header('retry-after', String(Math.ceil(retryAfter)));
  if (http === 401) reply.header('www-authenticate', 'Bearer realm="holdfast"');
  return reply
    .code(http)
    .header('cache-control', 'no-store')
    .header('content-type', PROBLEM_TYPE)
    .send(Buffer.from(JSON.stringify(toProblem(inWordsOfTheApi(error), request.id))));
}
