import { Type } from 'typebox';
import type { RouteModule } from '../app.ts';
import { present } from '../present.ts';
import { pathId, requireOwner } from '../request.ts';
import { FileParams, NoQuery, Time } from '../schemas/common.ts';
import { VariantType } from '../schemas/content.ts';

const UrlBody = Type.Object(
  {
    variant: Type.Optional(VariantType),
    expiresIn: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 604_800, default: 900, description: 'Seconds; at most seven days.' }),
    ),
    download: Type.Optional(
      Type.Unsafe<string | boolean>({
        type: ['string', 'boolean'],
        maxLength: 1024,
        description: 'true has it saved under its own name, a text under that.',
      }),
    ),
  },
  { additionalProperties: false, examples: [{ expiresIn: 3600, download: true }, { download: 'holiday.jpg' }, {}] },
);

const UrlAnswer = Type.Object(
  {
    url: Type.String({ description: 'Needs no header. It lives until it expires or the content is purged.' }),
    expiresAt: Time('When it expires.'),
  },
  { description: 'A signed URL.', additionalProperties: false },
);

export const downloadUrlRoutes: RouteModule = (app, { files }) => {
  app.post(
    '/api/files/:id/url',
    {
      schema: {
        tags: ['content'],
        operationId: 'createDownloadUrl',
        summary: 'Make a URL that needs no token',
        params: FileParams,
        querystring: NoQuery,
        body: UrlBody,
        response: { 200: UrlAnswer },
      },
      preValidation: async (request) => {
        request.body ??= {};
      },
    },
    async (request) => {
      const { variant = '', expiresIn = 0, download } = request.body;
      const { url, expiresAt } = await files.generateDownloadURL(
        {
          ownerId: requireOwner(request),
          fileId: pathId(request.params.id, 'file'),
          variant,
          expiresIn,
          download: download === true ? '' : download === false ? undefined : download,
        },
        request.call,
      );
      return { url, expiresAt: present(expiresAt).toISOString() };
    },
  );
};
