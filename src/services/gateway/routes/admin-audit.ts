import { Type } from 'typebox';
import { auditEntryJson } from '../account-json.ts';
import type { RouteModule } from '../app.ts';
import { AuditEntryRef } from '../schemas/admin.ts';
import { PAGE_QUERY, pageOf } from '../schemas/common.ts';

const ListQuery = Type.Object(
  {
    ...PAGE_QUERY,
    action: Type.Optional(Type.String({ maxLength: 64, examples: ['session.created'] })),
    actor: Type.Optional(Type.String({ maxLength: 255, description: 'The id of who did it.' })),
    target: Type.Optional(Type.String({ maxLength: 255, description: 'The id of what it was done to.' })),
  },
  { additionalProperties: false },
);

/** Who did what to what, from where. */
export const adminAuditRoutes: RouteModule = (app, { admin }) => {
  app.get(
    '/api/admin/audit',
    {
      schema: {
        tags: ['admin'],
        operationId: 'listAudit',
        summary: 'Read the audit trail',
        description: 'The latest first. It is kept for `AUDIT_RETENTION`.',
        querystring: ListQuery,
        response: { 200: pageOf(AuditEntryRef, 'A page of entries.') },
      },
    },
    async (request) => {
      const { limit = 0, cursor = '', action = '', actor = '', target = '' } = request.query;
      const { entries, nextCursor } = await admin.listAudit(
        { page: { limit, cursor, sort: '' }, action, actorId: actor, targetId: target },
        request.call,
      );
      return { items: entries.map(auditEntryJson), nextCursor: nextCursor || null };
    },
  );
};
