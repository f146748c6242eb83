import type { CallContext } from '../../../base/context.ts';
import { HoldfastError } from '../../../base/errors.ts';
import { isId } from '../../../base/ids.ts';
import type { RecordAuditRequest } from '../../../contract/holdfast/internal/v1/account.ts';
import { clientRow } from '../client.ts';
import type { AuditVerb } from '../deps.ts';
import type { AuditTable } from '../tables.ts';

/** What others than auth saw. Only the gateway and files are let in here, by the table of who may call what. */
export const recordAudit: AuditVerb<'recordAudit'> =
  ({ db }) =>
  async (request, context) => {
    const row = rowOf(request, context);
    await db.unit((tx) => db.dialect.insertIfAbsent(tx, 'audit', [row], ['id']));
    return {};
  };

const MOST = 1_000;
/** Rows that one statement inserts. */
const AT_ONCE = 100;

export const recordAuditEntries: AuditVerb<'recordAuditEntries'> =
  ({ db }) =>
  async ({ entries }, context) => {
    if (entries.length > MOST) throw new HoldfastError('invalid_request', `Record ${MOST} entries at a time at most.`);
    const rows = entries.map((entry) => rowOf(entry, context));
    await db.unit(async (tx) => {
      for (let first = 0; first < rows.length; first += AT_ONCE) {
        await db.dialect.insertIfAbsent(tx, 'audit', rows.slice(first, first + AT_ONCE), ['id']);
      }
    });
    return {};
  };

/** Bytes that columns hold. */
const LONGEST = { action: 64, actorId: 255, credentialId: 36, targetKind: 32, targetId: 1020, ownerId: 1020 } as const;
const KINDS: readonly string[] = ['user', 'service', 'anonymous'] satisfies AuditTable['actor_kind'][];

function rowOf(entry: RecordAuditRequest, context: CallContext): AuditTable {
  const { id, action, actorId, credentialId, targetKind, targetId, ownerId, client, data, createdAt } = entry;
  const { actorKind = actorId === '' ? 'anonymous' : 'user', requestId = context.requestId } = entry;
  const fits = (Object.keys(LONGEST) as (keyof typeof LONGEST)[]).every(
    (name) => Buffer.byteLength(entry[name]) <= LONGEST[name] && !entry[name].includes('\0'),
  );
  if (!isId(id) || action === '' || !fits || !KINDS.includes(actorKind)) {
    throw new HoldfastError('invalid_request', 'The entry has no id or no action, or a text that is too long.');
  }
  return {
    id,
    created_at: createdAt?.getTime() ?? Date.now(),
    action,
    actor_kind: actorKind as AuditTable['actor_kind'],
    actor_id: actorId,
    credential_id: credentialId,
    target_kind: targetKind,
    target_id: targetId,
    owner_id: ownerId,
    ...clientRow(client),
    request_id: requestId.slice(0, 128),
    data: JSON.stringify(data ?? {}),
  };
}
