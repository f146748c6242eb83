import { Type } from 'typebox';
import type { Quota } from '../../../contract/holdfast/v1/file_admin.ts';
import type { RouteModule } from '../app.ts';
import { present } from '../present.ts';
import { toSort } from '../query.ts';
import { AUTH_BODY_LIMIT } from '../schemas/accounts.ts';
import { NoQuery, nullable, PAGE_QUERY, pageOf, words } from '../schemas/common.ts';
import { TotalUsageRef, UsageRef } from '../schemas/usage.ts';
import { sumJson, usageJson } from '../usage-json.ts';

const ListQuery = Type.Object(
  {
    ...PAGE_QUERY,
    sort: Type.Optional(
      words(['owner', '-owner', 'bytes', '-bytes', 'files', '-files'], {
        default: 'owner',
        description: 'By what they have, or by their ids. A leading "-" sorts downwards.',
        examples: ['-bytes'],
      }),
    ),
  },
  { additionalProperties: false },
);
const OwnerParams = Type.Object({
  id: Type.String({ description: 'The owner, percent-encoded.', maxLength: 1020, examples: ['customer-7'] }),
});
const Limit = nullable(
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Null: the default of the settings.' }),
);
const QuotaBody = Type.Object(
  { bytes: Type.Optional(Limit), files: Type.Optional(Limit) },
  { additionalProperties: false, minProperties: 1, examples: [{ bytes: 1_073_741_824, files: 1000 }, { files: null }] },
);

/** What owners have, and may have. */
export const adminUsageRoutes: RouteModule = (app, { fileAdmin }) => {
  app.get(
    '/api/admin/usage',
    {
      schema: {
        tags: ['admin'],
        operationId: 'listUsage',
        summary: 'What each owner has',
        querystring: ListQuery,
        response: { 200: pageOf(UsageRef, 'A page of owners.') },
      },
    },
    async (request) => {
      const { limit = 0, cursor = '', sort } = request.query;
      const page = { limit, cursor, sort: toSort(sort) };
      const { usage, nextCursor } = await fileAdmin.listUsage({ page }, request.call);
      return { items: usage.map(usageJson), nextCursor: nextCursor || null };
    },
  );

  app.get(
    '/api/admin/usage/total',
    {
      schema: {
        tags: ['admin'],
        operationId: 'getTotalUsage',
        summary: 'What all owners have together',
        querystring: NoQuery,
        response: { 200: { description: 'The sums.', ...TotalUsageRef } },
      },
    },
    async (request) => {
      const { owners, usage } = await fileAdmin.getTotalUsage({}, request.call);
      const { bytes, files } = present(usage);
      return { owners, bytes: sumJson(bytes), files: sumJson(files) };
    },
  );

  app.put(
    '/api/admin/owners/:id/quota',
    {
      bodyLimit: AUTH_BODY_LIMIT,
      schema: {
        tags: ['admin'],
        operationId: 'setQuota',
        summary: 'Give an owner quotas of its own',
        description:
          'What is left out stays as it is. What the owner has already stays, also where that is more. It may be one ' +
          'who has no file yet.',
        params: OwnerParams,
        querystring: NoQuery,
        body: QuotaBody,
        response: { 200: { description: 'What the owner has, and may have now.', ...UsageRef } },
      },
    },
    async (request) => {
      const { bytes, files } = request.body;
      const quotas = { bytes: quotaOf(bytes), files: quotaOf(files) };
      const { usage } = await fileAdmin.setQuota({ ownerId: request.params.id, ...quotas }, request.call);
      return usageJson(present(usage));
    },
  );
};

const quotaOf = (limit: number | null | undefined): Quota | undefined =>
  limit === undefined ? undefined : { limit: limit ?? undefined };
