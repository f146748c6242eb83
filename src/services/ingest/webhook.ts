import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { withDeadline } from '../../base/deadline.ts';
import { HoldfastError, toHoldfastError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { PROBLEM_TYPE, toProblem } from '../../base/problem.ts';
import { tellAgain } from './arrivals.ts';
import type { Intake } from './intake.ts';
import { secretCheck } from './secret.ts';

/** Bytes of a body: 10,000 events of the longer kind. */
const BODY_LIMIT = 16 * 1024 ** 2;
/** Bytes of all bodies that are being read. */
const READING_LIMIT = 64 * 1024 ** 2;
/** Uploads that wait to be confirmed; more are told again later. */
const MAX_PENDING = 20_000;

interface WebhookDeps {
  readonly intake: Intake;
  readonly secret: string;
  /** Milliseconds. */
  readonly answerWithin: number;
  readonly log: Logger;
}

/** Adds routes to a server. */
export type Webhook = (app: FastifyInstance) => Promise<void>;

/**
 * `POST /ingest/s3`, for a server of any kind: it needs nothing of it but a scope of its own. Answers 204 when all is
 * settled that the body tells of; anything else means that it should be sent again, or is no such message.
 */
export const createWebhook =
  ({ intake, secret, answerWithin, log }: WebhookDeps): Webhook =>
  async (app) => {
    const isRight = secretCheck(secret);
    let reading = 0;

    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, (_request, body, done) =>
      done(null, body),
    );
    app.setErrorHandler<FastifyError>((error, request, reply) => answerProblem(error, request, reply, log));

    app.post(
      '/ingest/s3',
      {
        config: { access: 'anyone' },
        bodyLimit: BODY_LIMIT,
        schema: {
          tags: ['ingest'],
          summary: 'Hear from the object store',
          description:
            'Takes notifications of objects that were created, in the shape of S3 or EventBridge, and confirms the ' +
            'uploads that they end. The secret comes as a bearer token, as the password of Basic, or as `?token=`.',
          body: { content: { 'application/json': { schema: { type: 'object' } } } },
          response: { 204: { description: 'All of it is settled.', type: 'null' } },
        },
        // The body is any bytes, and what is in the query is for `isRight`.
        validatorCompiler: () => () => true,
        // No byte of a body is read of who does not know the secret, nor more than there is room for.
        onRequest: async (request, reply) => {
          const { authorization } = request.headers;
          const { token } = request.query as { token?: unknown };
          if (!isRight({ authorization, token })) {
            throw new HoldfastError('unauthenticated', 'The secret of the webhook is missing or wrong.');
          }
          const size = sizeOf(request);
          if (size > BODY_LIMIT)
            throw new HoldfastError('too_large', 'The body is larger than 16 MiB. Send fewer events.');
          if (reading + size > READING_LIMIT) throw tellAgain();
          reading += size;
          reply.raw.once('close', () => {
            reading -= size;
          });
        },
      },
      async (request, reply) => {
        const keys = intake.read(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
        request.body = undefined;
        if (!keys) throw new HoldfastError('invalid_request', 'The body is no notification of an object store.');
        if (keys.size > MAX_PENDING) throw new HoldfastError('too_large', `More than ${MAX_PENDING} events at a time.`);
        if (intake.pending + keys.size > MAX_PENDING) throw tellAgain();
        await withDeadline(answerWithin, intake.settle(keys, answerWithin)).catch((error) => {
          throw tellAgain(error);
        });
        return reply.code(204).send();
      },
    );
  };

/** What a body takes that does not say how long it is, is not known: it counts as the longest. */
const sizeOf = ({ headers }: FastifyRequest): number => Number(headers['content-length'] ?? BODY_LIMIT);

function answerProblem(thrown: FastifyError, request: FastifyRequest, reply: FastifyReply, log: Logger): FastifyReply {
  const error = ofFramework(thrown) ?? toHoldfastError(thrown);
  const { http } = error.meaning;
  if (http >= 500) log.warn({ err: error.cause ?? error, code: error.code, request_id: request.id }, error.detail);
  if (http === 401) reply.header('www-authenticate', 'Bearer realm="holdfast"');
  if (error.retryAfter !== undefined) reply.header('retry-after', String(error.retryAfter));
  return reply
    .code(http)
    .header('cache-control', 'no-store')
    .header('content-type', PROBLEM_TYPE)
    .send(Buffer.from(JSON.stringify(toProblem(error, request.id))));
}

function ofFramework({ statusCode, ...error }: FastifyError): HoldfastError | undefined {
  if (statusCode === 413) {
    return new HoldfastError('too_large', 'The body is larger than 16 MiB. Send fewer events.', { cause: error });
  }
  if (statusCode === undefined || statusCode < 400 || statusCode >= 500) return undefined;
  return new HoldfastError('invalid_request', 'The request could not be understood.', { cause: error });
}
