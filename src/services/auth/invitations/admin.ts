import { HoldfastError } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import type { Invitation } from '../../../contract/holdfast/v1/account_admin.ts';
import { requireAdmin } from '../access.ts';
import { appendAudit } from '../audit/append.ts';
import type { AdminVerb } from '../deps.ts';
import { requireEmail } from '../email.ts';
import { latestFirst } from '../pages.ts';
import { hashOf, newToken } from '../secret-tokens.ts';
import type { InvitationsTable } from '../tables.ts';

const WEEK = 7 * 24 * 3600_000;

export const createInvitation: AdminVerb<'createInvitation'> = (deps) => async (request, context) => {
  await requireAdmin(deps, context);
  const now = Date.now();
  const expires_at = request.expiresAt?.getTime() ?? now + WEEK;
  if (!(expires_at > now)) {
    throw new HoldfastError('invalid_request', 'The invitation would have expired already.', {
      fields: [{ path: 'expiresAt', message: 'must be in the future' }],
    });
  }
  const { principal } = context;
  const token = newToken('invitation');
  const row: InvitationsTable = {
    id: newId(),
    token_hash: hashOf(token),
    email: request.email === undefined ? null : requireEmail(request.email),
    created_by: principal.kind === 'user' ? principal.ownerId : '',
    created_at: now,
    expires_at,
    used_at: null,
  };
  await deps.db.unit(async (tx) => {
    await tx.insertInto('invitations').values(row).execute();
    const entry = { action: 'invitation.created', target: ['invitation', row.id], client: request.client } as const;
    await appendAudit(tx, entry, context, now);
  });
  return { token, invitation: invitationOf(row) };
};

export const listInvitations: AdminVerb<'listInvitations'> = (deps) => async (request, context) => {
  await requireAdmin(deps, context);
  const { db } = deps;
  const query = db.reader
    .selectFrom('invitations')
    .selectAll()
    .where('used_at', 'is', null)
    .where('expires_at', '>', Date.now());
  const { rows, nextCursor } = await latestFirst(db.dialect, query, request.page);
  return { invitations: rows.map(invitationOf), nextCursor };
};

export const revokeInvitation: AdminVerb<'revokeInvitation'> =
  (deps) =>
  async ({ invitationId, client }, context) => {
    await requireAdmin(deps, context);
    await deps.db.unit(async (tx) => {
      const { numDeletedRows } = await tx
        .deleteFrom('invitations')
        .where('id', '=', invitationId)
        .where('used_at', 'is', null)
        .executeTakeFirst();
      if (numDeletedRows === 0n) throw new HoldfastError('not_found', 'There is no such invitation.');
      const entry = { action: 'invitation.revoked', target: ['invitation', invitationId], client } as const;
      await appendAudit(tx, entry, context, Date.now());
    });
    return {};
  };

const invitationOf = (row: InvitationsTable): Invitation => ({
  id: row.id,
  email: row.email ?? undefined,
  createdAt: new Date(row.created_at),
  expiresAt: new Date(row.expires_at),
});
