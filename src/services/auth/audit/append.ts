import type { Kysely } from 'kysely';
import type { CallContext, Principal } from '../../../base/context.ts';
import { newId } from '../../../base/ids.ts';
import { preparedInsert } from '../../../base/prepared-query.ts';
import type { Client } from '../../../contract/holdfast/v1/auth.ts';
import { clientRow } from '../client.ts';
import type { AuditTable, AuthTables } from '../tables.ts';

/** What the trail tells of. The gateway adds what it alone sees (`file.deleted`, `owner.acted_for`, …). */
export type AuditAction =
  | 'user.created'
  | 'user.role_changed'
  | 'user.disabled'
  | 'user.enabled'
  | 'user.deleted'
  | 'password.changed'
  | 'password.refused'
  | 'password.reset_requested'
  | 'password.reset'
  | 'email.verification_requested'
  | 'email.verified'
  | 'sign_up.repeated'
  | 'session.created'
  | 'session.refused'
  | 'session.ended'
  | 'sessions.ended'
  | 'session.stolen'
  | 'api_token.created'
  | 'api_token.revoked'
  | 'identity.linked'
  | 'identity.unlinked'
  | 'invitation.created'
  | 'invitation.revoked';

export interface NewAuditEntry {
  readonly action: AuditAction;
  readonly target: readonly [kind: 'user' | 'session' | 'api_token' | 'invitation', id: string];
  readonly client?: Client | undefined;
  /** Who did it, where the call itself was nobody's yet. */
  readonly actor?: Principal;
  readonly credentialId?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

const insert = preparedInsert<AuthTables, 'audit'>('audit');

/** Writes who did what, in the unit of work that does it. No secret and no password ever stands in `data`. */
export function appendAudit(
  tx: Kysely<AuthTables>,
  { action, target: [target_kind, target_id], client, actor, credentialId = '', data = {} }: NewAuditEntry,
  { principal, requestId }: Pick<CallContext, 'principal' | 'requestId'>,
  now: number,
): Promise<void> {
  return insert(tx, {
    id: newId(),
    created_at: now,
    action,
    ...actorRow(actor ?? principal),
    credential_id: credentialId,
    target_kind,
    target_id,
    owner_id: '',
    ...clientRow(client),
    request_id: requestId.slice(0, 128),
    data: JSON.stringify(data),
  });
}

function actorRow(principal: Principal): Pick<AuditTable, 'actor_kind' | 'actor_id'> {
  if (principal.kind === 'user') return { actor_kind: 'user', actor_id: principal.ownerId };
  return { actor_kind: principal.kind, actor_id: principal.kind === 'service' ? principal.name : '' };
}
