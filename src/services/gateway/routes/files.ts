import { type Static, Type } from 'typebox';
import { fromWord, wordsOf } from '../../../base/enum-words.ts';
import { FileStatus, type UpdateFileRequest, Visibility } from '../../../contract/holdfast/v1/file.ts';
import type { RouteModule } from '../app.ts';
import { fileJson } from '../json.ts';
import { present } from '../present.ts';
import { metadataFilter, toSort } from '../query.ts';
import { pathId, requireOwner } from '../request.ts';
import { FileParams, NoQuery, nullable, PAGE_QUERY, pageOf, Time, words } from '../schemas/common.ts';
import { FileRef, VisibilityWord } from '../schemas/file.ts';

const ListQuery = Type.Object(
  {
    ...PAGE_QUERY,
    sort: Type.Optional(
      words(['createdAt', '-createdAt', 'name', '-name', 'size', '-size'], {
        default: '-createdAt',
        description: 'A leading "-" sorts downwards.',
        examples: ['-createdAt'],
      }),
    ),
    q: Type.Optional(
      Type.String({ maxLength: 255, description: 'A part of the name, in any case.', examples: ['img'] }),
    ),
    folder: Type.Optional(
      Type.String({
        maxLength: 1024,
        description: 'Exactly this folder; empty for the root.',
        examples: ['photos/2026'],
      }),
    ),
    type: Type.Optional(
      Type.String({ maxLength: 255, description: 'A content type, or a family of them.', examples: ['image/*'] }),
    ),
    status: Type.Optional(words(wordsOf(FileStatus), { examples: ['uploaded'] })),
    trash: Type.Optional(
      Type.Boolean({ default: false, description: 'What is in the trash, and nothing else.', examples: [false] }),
    ),
  },
  { additionalProperties: false, patternProperties: { '^metadata\\.': Type.Unknown() } },
);

const ChangeBody = Type.Object(
  {
    name: Type.Optional(Type.String({ description: 'Not empty, at most 255 characters, no path.' })),
    folder: Type.Optional(nullable(Type.String({ description: 'At most 1,024 bytes in UTF-8; null for the root.' }))),
    metadata: Type.Optional(
      nullable(Type.Record(Type.String(), Type.String(), { description: 'Replaces all metadata; null clears it.' })),
    ),
    visibility: Type.Optional(VisibilityWord),
    expiresAt: Type.Optional(nullable(Time('In the future; null: never.'))),
  },
  {
    additionalProperties: false,
    description: 'What is not given stays as it is.',
    examples: [
      { name: 'holiday.jpg', folder: 'photos/2026', metadata: { album: 'Lisbon' }, visibility: 'public' },
      { folder: null, metadata: null, expiresAt: null },
    ],
  },
);

const DeleteQuery = Type.Object(
  {
    permanent: Type.Optional(
      Type.Boolean({ default: false, description: 'Not to the trash: it cannot be restored.', examples: [false] }),
    ),
  },
  { additionalProperties: false },
);

export const fileRoutes: RouteModule = (app, { files }) => {
  app.get(
    '/api/files',
    {
      schema: {
        tags: ['files'],
        operationId: 'listFiles',
        summary: 'List files',
        description:
          'One’s own files, in pages. `metadata.KEY=value` filters by metadata; all filters must match. There are no totals.',
        querystring: ListQuery,
        response: { 200: pageOf(FileRef, 'A page of files.') },
      },
    },
    async (request) => {
      const { limit, cursor, sort, q, folder, type, status, trash } = request.query;
      const { files: found, nextCursor } = await files.listFiles(
        {
          ownerId: requireOwner(request),
          page: { limit: limit ?? 0, cursor: cursor ?? '', sort: toSort(sort) },
          query: q ?? '',
          folder,
          contentType: type ?? '',
          status: status === undefined ? FileStatus.UNSPECIFIED : fromWord(FileStatus, status),
          trash: trash ?? false,
          metadata: metadataFilter(request.query),
        },
        request.call,
      );
      return { items: found.map(fileJson), nextCursor: nextCursor || null };
    },
  );

  app.get(
    '/api/files/:id',
    {
      schema: {
        tags: ['files'],
        operationId: 'getFile',
        summary: 'Get a file',
        params: FileParams,
        querystring: NoQuery,
        response: { 200: { description: 'The file with its variants.', ...FileRef } },
      },
    },
    async (request) => {
      const { file } = await files.getFile(named(request.params.id, requireOwner(request)), request.call);
      return fileJson(present(file));
    },
  );

  app.patch(
    '/api/files/:id',
    {
      schema: {
        tags: ['files'],
        operationId: 'updateFile',
        summary: 'Change a file',
        params: FileParams,
        querystring: NoQuery,
        body: ChangeBody,
        response: { 200: { description: 'The file as it is now.', ...FileRef } },
      },
    },
    async (request) => {
      const whose = named(request.params.id, requireOwner(request));
      const { file } = await files.updateFile({ ...whose, ...toChange(request.body) }, request.call);
      return fileJson(present(file));
    },
  );

  app.delete(
    '/api/files/:id',
    {
      schema: {
        tags: ['files'],
        operationId: 'deleteFile',
        summary: 'Delete a file',
        description: 'Moves it to the trash, where it can be restored. Safe to repeat.',
        params: FileParams,
        querystring: DeleteQuery,
        response: { 204: Type.Null({ description: 'It is deleted.' }) },
      },
    },
    async (request, reply) => {
      const whose = named(request.params.id, requireOwner(request));
      await files.deleteFile({ ...whose, permanent: request.query.permanent ?? false }, request.call);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/api/files/:id/restore',
    {
      schema: {
        tags: ['files'],
        operationId: 'restoreFile',
        summary: 'Restore a file from the trash',
        params: FileParams,
        querystring: NoQuery,
        response: { 200: { description: 'The file.', ...FileRef } },
      },
    },
    async (request) => {
      const { file } = await files.restoreFile(named(request.params.id, requireOwner(request)), request.call);
      return fileJson(present(file));
    },
  );
};

const named = (id: string, ownerId: string) => ({ ownerId, fileId: pathId(id, 'file') });

/** null clears, what is absent stays. */
function toChange(body: Static<typeof ChangeBody>): Omit<UpdateFileRequest, 'ownerId' | 'fileId'> {
  const { name, folder, metadata, visibility, expiresAt } = body;
  return {
    name,
    folder: folder === null ? '' : folder,
    metadata: metadata === undefined ? undefined : { entries: metadata ?? {} },
    visibility: visibility === undefined ? Visibility.UNSPECIFIED : fromWord(Visibility, visibility),
    expiresAt: typeof expiresAt === 'string' ? new Date(expiresAt) : undefined,
    clearExpiresAt: expiresAt === null,
  };
}
