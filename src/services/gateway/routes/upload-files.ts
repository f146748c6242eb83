import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { HoldfastError } from '../../../base/errors.ts';
import type { RouteModule } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { requireOwner } from '../request.ts';
import {
  type UploadAnswerJson,
  UploadAnswerSchema,
  UploadForm,
  UploadHeaders,
  UploadQuery,
} from '../schemas/upload.ts';
import { declaredHash } from '../uploads/declared-hash.ts';
import { isForm } from '../uploads/form-headers.ts';
import { answerOnce, idempotencyKeyOf } from '../uploads/idempotency.ts';
import { answerBeforeTheEnd } from '../uploads/linger.ts';
import { leaveBodiesUnread } from '../uploads/raw-bodies.ts';
import { RequestBody } from '../uploads/request-body.ts';
import { DEFAULT_SETTINGS, SETTING_NAMES, withSetting } from '../uploads/settings.ts';
import { formSubmission, rawSubmission, type Submission } from '../uploads/submission.ts';
import { fingerprintOf, takeIn } from '../uploads/take-in.ts';
import { compileValidator } from '../validator.ts';

type UploadRequest = FastifyRequest<{ Querystring: Static<typeof UploadQuery> }>;

const BINARY = { schema: { type: 'string', format: 'binary' }, example: 'hello' };

/** Files through the API: begin, bytes and confirm in one request. */
export const uploadFileRoutes: RouteModule = (app, deps) => {
  leaveBodiesUnread(app);
  answerBeforeTheEnd(app);
  // The second is another name for the first.
  for (const url of ['/api/files', '/api/upload']) {
    app.post(
      url,
      {
        schema: {
          tags: ['uploads'],
          summary: 'Upload files',
          description:
            'A form (`multipart/form-data`) with one or more parts called `file`, or, with any other Content-Type, one ' +
            'file as the body itself and its `name` in the query. Each file succeeds or fails by itself; when all ' +
            'fail, the answer is the problem of the first. No file is kept of a request that breaks off.',
          querystring: UploadQuery,
          headers: UploadHeaders,
          body: {
            content: {
              'multipart/form-data': { schema: UploadForm },
              'application/octet-stream': BINARY,
              '*/*': BINARY,
            },
          },
          response: { 202: UploadAnswerSchema },
        },
        // The body has not been read when it would be validated.
        validatorCompiler: (route) => (route.httpPart === 'querystring' ? compileValidator(route) : () => true),
      },
      async (request, reply) => {
        const { body, replayed } = await uploadFiles(deps, request);
        if (replayed) reply.header('idempotency-replayed', 'true');
        reply.code(202).header('content-type', 'application/json; charset=utf-8');
        // It is JSON already, and sent as it is: word by word the one that was answered before.
        return reply.send(body as unknown as UploadAnswerJson);
      },
    );
  }
};

async function uploadFiles(deps: GatewayDeps, request: UploadRequest) {
  const { call, headers } = request;
  const ownerId = requireOwner(request);
  const key = idempotencyKeyOf(headers['idempotency-key']);
  const body = new RequestBody(request.raw);
  try {
    const submission = submissionOf(request, body, deps.settings.maxFileSize);
    return await answerOnce(
      deps.uploads,
      { call, ownerId, key },
      {
        run: (idempotencyId) => takeIn(deps, { call, ownerId, idempotencyId }, submission),
        fingerprint: () => fingerprintOf(submission),
      },
    );
  } finally {
    body.release();
  }
}

function submissionOf({ headers, query }: UploadRequest, body: RequestBody, maxFileSize: number): Submission {
  const contentType = headers['content-type'] ?? '';
  let settings = DEFAULT_SETTINGS;
  for (const name of SETTING_NAMES) {
    const text = query[name];
    if (text !== undefined) settings = withSetting(settings, name, text);
  }
  const options = { body, size: body.declaredSize, contentType, settings, maxFileSize };
  if (isForm(contentType)) {
    if (query.name === undefined && query.sha256 === undefined) return formSubmission(options);
    throw invalid('name', 'In a form each file has its own name; "name" and "sha256" are for a raw body.');
  }
  if (query.name === undefined) {
    throw invalid('name', 'Say what the file is called: ?name=photo.jpg. Or send a form (multipart/form-data).');
  }
  return rawSubmission(options, { name: query.name, sha256: declaredHash(headers, query.sha256) });
}

const invalid = (path: string, message: string) =>
  new HoldfastError('invalid_request', message, { fields: [{ path, message }] });
