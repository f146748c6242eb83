import { Type } from 'typebox';
import { fromWord } from '../../../base/enum-words.ts';
import { HoldfastError } from '../../../base/errors.ts';
import { isId } from '../../../base/ids.ts';
import { JobState } from '../../../contract/holdfast/v1/file.ts';
import type { RouteModule } from '../app.ts';
import { jobJson } from '../json.ts';
import { present } from '../present.ts';
import { pathId, requireOwner } from '../request.ts';
import { FileParams, Id, JobParams, NoQuery, PAGE_QUERY, pageOf } from '../schemas/common.ts';
import { JobRef, JobStatusWord } from '../schemas/job.ts';

const ListQuery = Type.Object(
  { ...PAGE_QUERY, fileId: Type.Optional(Id('Only those of this file.')), status: Type.Optional(JobStatusWord) },
  { additionalProperties: false },
);

const VariantBody = Type.Object(
  {
    processor: Type.String({ maxLength: 128, description: 'thumbnail, resize, webp, watermark or pdf_thumbnail.' }),
    options: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'What the processor takes; the rest has defaults.' }),
    ),
  },
  {
    additionalProperties: false,
    examples: [{ processor: 'resize', options: { width: 800 } }, { processor: 'thumbnail' }],
  },
);

export const jobRoutes: RouteModule = (app, { files }) => {
  app.post(
    '/api/files/:id/variants',
    {
      schema: {
        tags: ['processing'],
        operationId: 'requestVariant',
        summary: 'Ask for a variant',
        description: 'Beside those that presets make. The job says how it goes.',
        params: FileParams,
        querystring: NoQuery,
        body: VariantBody,
        response: { 202: { description: 'The job that makes it.', ...JobRef } },
      },
    },
    async (request, reply) => {
      const { processor, options = {} } = request.body;
      const whose = { ownerId: requireOwner(request), fileId: pathId(request.params.id, 'file') };
      const { job } = await files.requestVariant({ ...whose, processor, options }, request.call);
      const answer = jobJson(present(job));
      return reply.code(202).header('location', `/api/jobs/${answer.id}`).send(answer);
    },
  );

  app.get(
    '/api/jobs',
    {
      schema: {
        tags: ['processing'],
        operationId: 'listJobs',
        summary: 'List jobs',
        description: 'One’s own jobs, the latest first.',
        querystring: ListQuery,
        response: { 200: pageOf(JobRef, 'A page of jobs.') },
      },
    },
    async (request) => {
      const { limit, cursor, fileId, status } = request.query;
      if (fileId !== undefined && !isId(fileId)) {
        const message = 'is not an id';
        throw new HoldfastError('invalid_request', `The query parameter fileId ${message}.`, {
          fields: [{ path: 'fileId', message }],
        });
      }
      const { jobs, nextCursor } = await files.listJobs(
        {
          ownerId: requireOwner(request),
          fileId: fileId ?? '',
          page: { limit: limit ?? 0, cursor: cursor ?? '', sort: '' },
          state: status === undefined ? JobState.UNSPECIFIED : fromWord(JobState, status),
        },
        request.call,
      );
      return { items: jobs.map(jobJson), nextCursor: nextCursor || null };
    },
  );

  app.get(
    '/api/jobs/:id',
    {
      schema: {
        tags: ['processing'],
        operationId: 'getJob',
        summary: 'Get a job',
        params: JobParams,
        querystring: NoQuery,
        response: { 200: { description: 'The job.', ...JobRef } },
      },
    },
    async (request) => {
      const whose = { ownerId: requireOwner(request), jobId: pathId(request.params.id, 'job') };
      const { job } = await files.getJob(whose, request.call);
      return jobJson(present(job));
    },
  );

  app.post(
    '/api/jobs/:id/retry',
    {
      schema: {
        tags: ['processing'],
        operationId: 'retryJob',
        summary: 'Run a job again',
        description: 'One that is dead, failed or cancelled.',
        params: JobParams,
        querystring: NoQuery,
        response: { 202: { description: 'The job, queued again.', ...JobRef } },
      },
    },
    async (request, reply) => {
      const whose = { ownerId: requireOwner(request), jobId: pathId(request.params.id, 'job') };
      const { job } = await files.retryJob(whose, request.call);
      return reply.code(202).send(jobJson(present(job)));
    },
  );
};
