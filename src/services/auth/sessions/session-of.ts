import { type Session, SessionKind } from '../../../contract/holdfast/v1/auth.ts';
import type { SessionsTable } from '../tables.ts';

/** What users may know of a session of theirs. */
export const sessionOf = (row: SessionsTable): Session => ({
  id: row.id,
  kind: row.kind === 'web' ? SessionKind.WEB : SessionKind.TOKENS,
  client: { address: row.address, userAgent: row.user_agent },
  createdAt: new Date(row.created_at),
  lastUsedAt: new Date(row.last_used_at),
  expiresAt: new Date(row.expires_at),
});
