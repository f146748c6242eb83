import { Type } from 'typebox';
import { ContentAccess } from '../../../contract/holdfast/internal/v1/upload.ts';
import type { RouteModule } from '../app.ts';
import { deliver, PRIVATE } from '../delivery/deliver.ts';
import { toDeliverable } from '../delivery/deliverable.ts';
import { pathId, requireOwner } from '../request.ts';
import { FileParams } from '../schemas/common.ts';
import { CONTENT_RESPONSES, DownloadParameter, VariantType } from '../schemas/content.ts';

const ContentQuery = Type.Object(
  { variant: Type.Optional(VariantType), download: Type.Optional(DownloadParameter) },
  { additionalProperties: false },
);

export const contentRoutes: RouteModule = (app, { uploads, objects }) => {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/api/files/:id/content',
    schema: {
      tags: ['content'],
      summary: 'Get the content of a file',
      description: 'Takes Range (one range), If-Range, If-None-Match and If-Modified-Since.',
      params: FileParams,
      querystring: ContentQuery,
      response: CONTENT_RESPONSES,
    },
    handler: async (request, reply) => {
      const { variant = '', download } = request.query;
      const found = await uploads.resolveContent(
        {
          ownerId: requireOwner(request),
          fileId: pathId(request.params.id, 'file'),
          variant,
          access: ContentAccess.OWNER,
        },
        request.call,
      );
      return deliver(request, reply, objects, toDeliverable(found, download, PRIVATE));
    },
  });
};
