import { type Static, Type } from 'typebox';
import { fromWord } from '../../../base/enum-words.ts';
import { JobState } from '../../../contract/holdfast/v1/file.ts';
import type { JobFilter } from '../../../contract/holdfast/v1/file_admin.ts';
import type { RouteModule } from '../app.ts';
import { pathId } from '../request.ts';
import { AUTH_BODY_LIMIT, Nothing } from '../schemas/accounts.ts';
import { Id, JobParams, NoQuery, PAGE_QUERY, pageOf } from '../schemas/common.ts';
import { JobStatusWord } from '../schemas/job.ts';
import { OwnedJobRef } from '../schemas/usage.ts';
import { ownedJobJson } from '../usage-json.ts';

const FILTER = {
  owner: Type.Optional(Type.String({ maxLength: 255, description: 'Only those of this owner.' })),
  fileId: Type.Optional(Id('Only those of this file.')),
  type: Type.Optional(
    Type.String({ maxLength: 64, description: 'Only those that make this.', examples: ['thumbnail'] }),
  ),
  code: Type.Optional(
    Type.String({ maxLength: 64, description: 'Only those that died of this.', examples: ['corrupt_input'] }),
  ),
};
const Filter = Type.Object(FILTER);
const ListQuery = Type.Object(
  {
    ...PAGE_QUERY,
    ...FILTER,
    status: Type.Optional(
      Type.Unsafe<Static<typeof JobStatusWord>>({ ...JobStatusWord, default: 'dead', examples: ['dead'] }),
    ),
  },
  { additionalProperties: false },
);
const RetryBody = Type.Object(
  {
    ...FILTER,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 1000, description: 'How many at most.' })),
  },
  { additionalProperties: false, examples: [{ code: 'out_of_memory' }, {}] },
);
const Retried = Type.Object(
  {
    retried: Type.Integer({ description: 'How many run again.', examples: [3] }),
    more: Type.Boolean({ description: 'Whether there may be more of them: ask again.' }),
  },
  { additionalProperties: false, description: 'What runs again.' },
);

/** Jobs of all owners. */
export const adminJobRoutes: RouteModule = (app, { fileAdmin }) => {
  app.get(
    '/api/admin/jobs',
    {
      schema: {
        tags: ['admin'],
        operationId: 'listAllJobs',
        summary: 'List jobs of all owners',
        description: 'Of one status, those that were last to be tried first; the dead ones, where nothing is said.',
        querystring: ListQuery,
        response: { 200: pageOf(OwnedJobRef, 'A page of jobs.') },
      },
    },
    async (request) => {
      const { limit = 0, cursor = '', status = 'dead' } = request.query;
      const { jobs, nextCursor } = await fileAdmin.listAllJobs(
        { page: { limit, cursor, sort: '' }, state: fromWord(JobState, status), filter: filterOf(request.query) },
        request.call,
      );
      return { items: jobs.map(ownedJobJson), nextCursor: nextCursor || null };
    },
  );

  app.post(
    '/api/admin/jobs/retry',
    {
      bodyLimit: AUTH_BODY_LIMIT,
      schema: {
        tags: ['admin'],
        operationId: 'retryJobs',
        summary: 'Run dead jobs of all owners again',
        description: 'Those that the filter leaves, the latest first. Those of files in the trash stay dead.',
        querystring: NoQuery,
        body: RetryBody,
        response: { 202: Retried },
      },
    },
    async (request, reply) => {
      const { limit = 0 } = request.body;
      const filter = filterOf(request.body);
      return reply.code(202).send(await fileAdmin.retryJobs({ jobId: '', filter, limit }, request.call));
    },
  );

  app.post(
    '/api/admin/jobs/:id/retry',
    {
      schema: {
        tags: ['admin'],
        operationId: 'retryAnyJob',
        summary: 'Run a job of any owner again',
        description: 'One that is dead, failed or cancelled.',
        params: JobParams,
        querystring: NoQuery,
        response: { 204: Nothing('It is queued again.') },
      },
    },
    async (request, reply) => {
      const jobId = pathId(request.params.id, 'job');
      await fileAdmin.retryJobs({ jobId, filter: undefined, limit: 0 }, request.call);
      return reply.code(204).send(null);
    },
  );
};

const filterOf = ({ owner = '', fileId = '', type = '', code = '' }: Static<typeof Filter>): JobFilter => ({
  ownerId: owner,
  fileId,
  type,
  code,
});
