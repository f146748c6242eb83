import { HoldfastError } from '../../../base/errors.ts';
import { isId } from '../../../base/ids.ts';
import { clientRow } from '../client.ts';
import type { AuditVerb } from '../deps.ts';

const LONGEST = 255;

/** What the gateway saw. Only it is let in here, by the table of who may call what. */
export const recordAudit: AuditVerb<'recordAudit'> =
  ({ db }) =>
  async (request, { requestId }) => {
    const { id, action, actorId, credentialId, targetKind, targetId, ownerId, client, data } = request;
    const texts = [action, actorId, credentialId, targetKind, targetId, ownerId];
    if (!isId(id) || action === '' || texts.some((text) => text.length > LONGEST || text.includes('\0'))) {
      throw new HoldfastError('invalid_request', 'The entry has no id or no action, or a text that is too long.');
    }
    const row = {
      id,
      created_at: Date.now(),
      action,
      actor_kind: actorId === '' ? ('anonymous' as const) : ('user' as const),
      actor_id: actorId,
      credential_id: credentialId,
      target_kind: targetKind,
      target_id: targetId,
      owner_id: ownerId,
      ...clientRow(client),
      request_id: requestId.slice(0, 128),
      data: JSON.stringify(data ?? {}),
    };
    await db.unit((tx) => db.dialect.insertIfAbsent(tx, 'audit', [row], ['id']));
    return {};
  };
