import type { Kysely } from 'kysely';
import type { CallContext } from '../../../base/context.ts';
import { newId } from '../../../base/ids.ts';
import type { Client } from '../../../contract/holdfast/v1/auth.ts';
import { appendAudit } from '../audit/append.ts';
import { clientRow } from '../client.ts';
import { hashOf, newToken } from '../secret-tokens.ts';
import type { AuthTables, SessionsTable } from '../tables.ts';
import { expiryOf } from './lifetime.ts';

export interface NewSession {
  readonly userId: string;
  readonly kind: SessionsTable['kind'];
  readonly client: Client | undefined;
  /** How the user signed in: `password`, or the name of a provider. */
  readonly method: string;
}

export interface BegunSession {
  readonly session: SessionsTable;
  /** The session's token, or its first refresh token. */
  readonly token: string;
}

/** A session that is not there yet. Its token is drawn here and nowhere told: nobody can have known it before. */
export function newSession({ userId, kind, client }: NewSession, now: number): BegunSession {
  const token = newToken(kind === 'web' ? 'session' : 'refresh');
  const session: SessionsTable = {
    id: newId(),
    user_id: userId,
    kind,
    token_hash: kind === 'web' ? hashOf(token) : null,
    ...clientRow(client),
    created_at: now,
    last_used_at: now,
    expires_at: expiryOf(now, now),
  };
  return { session, token };
}

/**
 * Writes the session, in a unit of work. False, with nothing written, where the account cannot sign in any more: what was
 * checked before may have changed since.
 */
export async function beginSession(
  tx: Kysely<AuthTables>,
  { session, token }: BegunSession,
  { client, method }: Pick<NewSession, 'client' | 'method'>,
  context: CallContext,
): Promise<boolean> {
  const user = await tx
    .selectFrom('users')
    .select(['disabled_at', 'deleted_at'])
    .where('id', '=', session.user_id)
    .forUpdate()
    .executeTakeFirst();
  if (!user || user.disabled_at !== null || user.deleted_at !== null) return false;
  await tx.insertInto('sessions').values(session).execute();
  if (session.kind === 'tokens') {
    const first = { token_hash: hashOf(token), session_id: session.id, created_at: session.created_at, used_at: null };
    await tx.insertInto('refresh_tokens').values(first).execute();
  }
  const actor = { kind: 'user', ownerId: session.user_id } as const;
  const entry = { action: 'session.created', target: ['session', session.id], client, actor } as const;
  await appendAudit(tx, { ...entry, data: { kind: session.kind, method } }, context, session.created_at);
  return true;
}
