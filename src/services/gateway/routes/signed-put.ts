import { Type } from 'typebox';
import type { RouteModule } from '../app.ts';
import { answerBeforeTheEnd } from '../uploads/linger.ts';
import { leaveBodiesUnread } from '../uploads/raw-bodies.ts';
import { RequestBody } from '../uploads/request-body.ts';
import { takeSignedPut } from '../uploads/signed-put.ts';

const TokenParams = Type.Object({ token: Type.String({ description: 'As it stands in the signed URL.' }) });
const BINARY = { schema: { type: 'string', format: 'binary' } };

/** The far end of signed URLs, for a store that has no server of its own: writing. */
export const signedPutRoutes: RouteModule = (app, deps) => {
  const { endpoint } = deps.objects;
  if (!endpoint) return;
  leaveBodiesUnread(app);
  answerBeforeTheEnd(app);
  app.put(
    `${endpoint.path.replace(/\/$/, '')}/:token`,
    {
      config: { access: 'anyone' },
      schema: {
        tags: ['uploads'],
        summary: 'Send bytes to a signed URL',
        description:
          'Takes exactly as many bytes as were declared, with the headers that came with the URL. While the upload is ' +
          'open, the same bytes may be sent again; a part that is sent again replaces the one before.',
        params: TokenParams,
        body: { content: { '*/*': BINARY } },
        response: {
          200: {
            description: 'Stored. Confirm the upload when all of it is.',
            type: 'null',
            headers: { ETag: { type: 'string', description: 'Names the bytes.' } },
          },
        },
      },
      // The body has not been read when it would be validated.
      validatorCompiler: () => () => true,
    },
    async (request, reply) => {
      const body = new RequestBody(request.raw);
      try {
        const etag = await takeSignedPut(deps, endpoint, request.call, {
          token: request.params.token,
          body,
          size: request.headers['content-length'] === undefined ? undefined : body.declaredSize,
          contentType: request.headers['content-type'],
        });
        // No body at all: `null` would be sent as JSON.
        return reply
          .code(200)
          .header('etag', `"${etag}"`)
          .send(undefined as never);
      } finally {
        body.release();
      }
    },
  );
};
