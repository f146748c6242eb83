import type { ApiToken } from '../../../contract/holdfast/v1/auth.ts';
import type { ApiTokensTable } from '../tables.ts';

/** What users may know of a token of theirs: not the token. */
export const apiTokenOf = (row: ApiTokensTable): ApiToken => ({
  id: row.id,
  name: row.name,
  scopes: JSON.parse(row.scopes),
  hint: row.hint,
  createdAt: new Date(row.created_at),
  expiresAt: row.expires_at === null ? undefined : new Date(row.expires_at),
  lastUsedAt: row.last_used_at === null ? undefined : new Date(row.last_used_at),
});
