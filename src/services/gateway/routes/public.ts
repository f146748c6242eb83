import { Type } from 'typebox';
import { ContentAccess } from '../../../contract/holdfast/internal/v1/upload.ts';
import type { RouteModule } from '../app.ts';
import { deliver, PUBLIC } from '../delivery/deliver.ts';
import { toDeliverable } from '../delivery/deliverable.ts';
import { pathId } from '../request.ts';
import { Id } from '../schemas/common.ts';
import { CONTENT_RESPONSES, DownloadParameter, VariantType } from '../schemas/content.ts';

const PublicParams = Type.Object({ id: Id('The id of a public file.'), variant: Type.Optional(VariantType) });
// Addresses in pages get parameters of others added, to track or to get past a cache: they change nothing here.
const PublicQuery = Type.Object({ download: Type.Optional(DownloadParameter) });

export const publicRoutes: RouteModule = (app, { uploads, objects }) => {
  for (const url of ['/public/:id', '/public/:id/:variant']) {
    app.route({
      method: ['GET', 'HEAD'],
      url,
      config: { access: 'anyone' },
      schema: {
        tags: ['content'],
        summary: url.includes(':variant') ? 'Get a variant of a public file' : 'Get the content of a public file',
        description: 'For files with `visibility: public`. Anybody may keep the answer for ever.',
        params: url.includes(':variant') ? PublicParams : Type.Omit(PublicParams, ['variant']),
        querystring: PublicQuery,
        response: CONTENT_RESPONSES,
      },
      handler: async (request, reply) => {
        const { id, variant = '' } = request.params as { id: string; variant?: string };
        const found = await uploads.resolveContent(
          { ownerId: '', fileId: pathId(id, 'file'), variant, access: ContentAccess.PUBLIC },
          request.call,
        );
        reply.header('cross-origin-resource-policy', 'cross-origin');
        return deliver(request, reply, objects, toDeliverable(found, request.query.download, PUBLIC));
      },
    });
  }
};
