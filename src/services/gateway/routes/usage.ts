import type { RouteModule } from '../app.ts';
import { present } from '../present.ts';
import { requireOwner } from '../request.ts';
import { NoQuery } from '../schemas/common.ts';
import { UsageRef } from '../schemas/usage.ts';
import { usageJson } from '../usage-json.ts';

export const usageRoutes: RouteModule = (app, { files }) => {
  app.get(
    '/api/usage',
    {
      schema: {
        tags: ['files'],
        operationId: 'getUsage',
        summary: 'What one has of one’s quotas',
        description: 'Files in the trash and uploads under way count until they are purged or given up.',
        querystring: NoQuery,
        response: { 200: { description: 'Bytes and files.', ...UsageRef } },
      },
    },
    async (request) => {
      const { usage } = await files.getUsage({ ownerId: requireOwner(request) }, request.call);
      return usageJson(present(usage));
    },
  );
};
