import { hash } from 'node:crypto';
import { Type } from 'typebox';
import { mayBeShown } from '../../../base/content-disposition.ts';
import { HoldfastError } from '../../../base/errors.ts';
import type { RouteModule } from '../app.ts';
import { deliver, PRIVATE } from '../delivery/deliver.ts';
import { CONTENT_RESPONSES } from '../schemas/content.ts';

const TokenParams = Type.Object({ token: Type.String({ description: 'As it stands in the signed URL.' }) });

/** The far end of signed URLs, for a store that has no server of its own: reading. */
export const signedRoutes: RouteModule = (app, { objects }) => {
  const { endpoint } = objects;
  if (!endpoint) return;
  app.route({
    method: ['GET', 'HEAD'],
    url: `${endpoint.path.replace(/\/$/, '')}/:token`,
    config: { access: 'anyone' },
    schema: {
      tags: ['content'],
      summary: 'Get content by a signed URL',
      params: TokenParams,
      response: CONTENT_RESPONSES,
    },
    handler: async (request, reply) => {
      const grant = endpoint.verify(request.params.token);
      if (grant.action !== 'get') {
        throw new HoldfastError('signature_invalid', 'This URL was not signed for reading.');
      }
      const found = await objects.head(grant.key);
      if (!found) throw new HoldfastError('not_found', 'The content is gone.');
      reply.header('cross-origin-resource-policy', 'cross-origin');
      return deliver(request, reply, objects, {
        key: grant.key,
        size: found.size,
        modifiedAt: found.modifiedAt,
        contentType: grant.contentType,
        contentDisposition: mayBeShown(grant.contentType)
          ? grant.contentDisposition
          : grant.contentDisposition.replace(/^inline\b/i, 'attachment'),
        etag: hash('sha256', grant.key, 'base64url'),
        cacheControl: PRIVATE,
      });
    },
  });
};
