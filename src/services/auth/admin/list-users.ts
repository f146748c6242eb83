import { Role } from '../../../contract/holdfast/v1/auth.ts';
import { requireAdmin } from '../access.ts';
import type { AdminVerb } from '../deps.ts';
import { latestFirst } from '../pages.ts';
import { userOf } from '../users/user-of.ts';

export const listUsers: AdminVerb<'listUsers'> = (deps) => async (request, context) => {
  await requireAdmin(deps, context);
  const { db } = deps;
  const { role, disabled } = request;
  const part = request.query.trim().toLowerCase().normalize('NFC');
  const filter = [part, role, disabled ?? null];
  let query = db.reader.selectFrom('users').selectAll().where('deleted_at', 'is', null);
  if (part !== '') query = query.where(({ ref }) => db.dialect.contains(ref('email'), part));
  if (role !== Role.UNSPECIFIED) query = query.where('role', '=', role === Role.ADMIN ? 'admin' : 'user');
  if (disabled !== undefined) query = query.where('disabled_at', disabled ? 'is not' : 'is', null);
  const { rows, nextCursor } = await latestFirst(db.dialect, query, request.page, filter);
  return { users: rows.map(userOf), nextCursor };
};
