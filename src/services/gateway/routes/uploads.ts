import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { fromWord } from '../../../base/enum-words.ts';
import { HoldfastError, isErrorCode } from '../../../base/errors.ts';
import { type ErrorStatus, type UploadTarget, Visibility } from '../../../contract/holdfast/v1/file.ts';
import type { RouteModule } from '../app.ts';
import { fileJson } from '../json.ts';
import { originByProxy, originOfConnection } from '../origin.ts';
import { present } from '../present.ts';
import { pathId, requireOwner } from '../request.ts';
import { NoQuery } from '../schemas/common.ts';
import {
  ConfirmBody,
  ConfirmedSchema,
  ConfirmQuery,
  CreatedUploadSchema,
  CreateUploadBody,
  MorePartsBody,
  MorePartsSchema,
  UploadParams,
  UploadStateSchema,
} from '../schemas/upload.ts';
import { jobsOfUpload, partsJson, targetJson, uploadStateJson } from '../uploads/json.ts';
import { parseTime } from '../uploads/settings.ts';

/** Uploads that go straight to the object store: reserve a place, ask how far it is, sign more parts, confirm, give up. */
export const uploadRoutes: RouteModule = (app, { files, uploads, settings }) => {
  /** Without PUBLIC_URL, where the files service says that we are; it does not know when it runs elsewhere. */
  const confirmUrl = (request: FastifyRequest, upload: UploadTarget, path: string) => {
    const origin = settings.publicUrl ?? originByProxy(request);
    if (origin === undefined && upload.confirmUrl !== '') return upload.confirmUrl;
    const token = encodeURIComponent(upload.confirmToken);
    return `${origin ?? originOfConnection(request)}${path}/confirm?token=${token}`;
  };
  /** A body is read only of those who may confirm. */
  const mayConfirm = async (request: FastifyRequest) => {
    const { token } = request.query as { readonly token?: unknown };
    if (token === undefined) return void requireOwner(request);
    const fileId = pathId((request.params as { readonly fileId: string }).fileId, 'file');
    await uploads.checkConfirmToken({ fileId, confirmToken: String(token) }, request.call);
  };

  app.post(
    '/api/uploads',
    {
      schema: {
        tags: ['uploads'],
        summary: 'Begin an upload straight to the object store',
        description:
          'Answers one signed request that takes all bytes, or, for a large file, one for each part. An upload that is ' +
          'not confirmed before it expires is given up by itself.',
        querystring: NoQuery,
        body: CreateUploadBody,
        response: { 201: CreatedUploadSchema },
      },
    },
    async (request, reply) => {
      const { name, size, contentType = '', sha256, folder = '', metadata = {}, visibility, expiresAt } = request.body;
      const declared = {
        name,
        size,
        contentType,
        sha256: sha256?.toLowerCase(),
        folder,
        metadata,
        visibility: visibility ? fromWord(Visibility, visibility) : Visibility.UNSPECIFIED,
        expiresAt: expiresAt === undefined ? undefined : parseTime('expiresAt', expiresAt),
      };
      const { results } = await files.generateUploadURLs(
        { ownerId: requireOwner(request), files: [declared] },
        request.call,
      );
      const [result] = results;
      if (result?.error) throw toError(result.error);
      const file = present(result?.file);
      const upload = present(result?.upload);
      const path = `/api/uploads/${file.id}`;
      return reply
        .code(201)
        .header('location', path)
        .header('cache-control', 'no-store')
        .send({
          file: fileJson(file),
          upload: targetJson(upload),
          confirmUrl: confirmUrl(request, upload, path),
        });
    },
  );

  app.get(
    '/api/uploads/:fileId',
    {
      schema: {
        tags: ['uploads'],
        summary: 'How far an upload is',
        params: UploadParams,
        querystring: NoQuery,
        response: { 200: UploadStateSchema },
      },
    },
    async (request) => {
      const fileId = pathId(request.params.fileId, 'file');
      return uploadStateJson(await files.getUpload({ ownerId: requireOwner(request), fileId }, request.call));
    },
  );

  app.post(
    '/api/uploads/:fileId/parts',
    {
      schema: {
        tags: ['uploads'],
        summary: 'Sign more parts',
        params: UploadParams,
        querystring: NoQuery,
        body: MorePartsBody,
        response: { 200: MorePartsSchema },
      },
    },
    async (request, reply) => {
      const fileId = pathId(request.params.fileId, 'file');
      const { parts, expiresAt } = await files.generateUploadPartURLs(
        { ownerId: requireOwner(request), fileId, ...request.body },
        request.call,
      );
      reply.header('cache-control', 'no-store');
      return { parts: partsJson(parts), expiresAt: present(expiresAt).toISOString() };
    },
  );

  app.post(
    '/api/uploads/:fileId/confirm',
    {
      config: { access: 'optional' },
      onRequest: mayConfirm,
      schema: {
        tags: ['uploads'],
        summary: 'Confirm an upload',
        description:
          'All bytes have been sent: they are inspected, and the file becomes `uploaded`. May be repeated. Needs an ' +
          'access token, or the one in `confirmUrl`.',
        params: UploadParams,
        querystring: ConfirmQuery,
        body: ConfirmBody,
        response: { 202: ConfirmedSchema },
      },
    },
    async (request, reply) => {
      const { token } = request.query;
      const ownerId = token === undefined ? requireOwner(request) : '';
      const fileId = pathId(request.params.fileId, 'file');
      const parts = (request.body?.parts ?? []).map(({ number, etag }) => ({
        number,
        size: 0,
        etag,
      }));
      const { file, jobs } = await files.confirmUpload({ ownerId, fileId, confirmToken: token, parts }, request.call);
      return reply.code(202).send({ file: fileJson(present(file)), jobs: jobsOfUpload(jobs) });
    },
  );

  app.delete(
    '/api/uploads/:fileId',
    {
      schema: {
        tags: ['uploads'],
        summary: 'Give an upload up',
        description: 'What was sent of it is deleted.',
        params: UploadParams,
        querystring: NoQuery,
        response: { 204: Type.Null({ description: 'Given up.' }) },
      },
    },
    async (request, reply) => {
      const fileId = pathId(request.params.fileId, 'file');
      await files.abortUpload({ ownerId: requireOwner(request), fileId }, request.call);
      return reply.code(204).send(null);
    },
  );
};

const toError = ({ code, detail, fields }: ErrorStatus) =>
  new HoldfastError(isErrorCode(code) ? code : 'internal', detail, {
    fields: fields.map(({ field, description }) => ({ path: field, message: description })),
  });
