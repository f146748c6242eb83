import { requireAdmin } from '../access.ts';
import type { AdminVerb } from '../deps.ts';
import { latestFirst } from '../pages.ts';

export const listAudit: AdminVerb<'listAudit'> = (deps) => async (request, context) => {
  await requireAdmin(deps, context);
  const { db } = deps;
  const { action, actorId, targetId } = request;
  const filter = [action, actorId, targetId];
  let query = db.reader.selectFrom('audit').selectAll();
  if (action !== '') query = query.where('action', '=', action);
  if (actorId !== '') query = query.where('actor_id', '=', actorId);
  if (targetId !== '') query = query.where('target_id', '=', targetId);
  const { rows, nextCursor } = await latestFirst(db.dialect, query, request.page, filter);
  return {
    entries: rows.map((row) => ({
      id: row.id,
      createdAt: new Date(row.created_at),
      action: row.action,
      actorKind: row.actor_kind,
      actorId: row.actor_id,
      credentialId: row.credential_id,
      targetKind: row.target_kind,
      targetId: row.target_id,
      ownerId: row.owner_id,
      client: { address: row.address, userAgent: row.user_agent },
      requestId: row.request_id,
      data: JSON.parse(row.data),
    })),
    nextCursor,
  };
};
