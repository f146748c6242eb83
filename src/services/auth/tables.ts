import type { LeaseRow } from '../../outbox/leases.ts';
import type { OutboxRow } from '../../outbox/outbox.ts';

/** What auth keeps. No other service touches these tables. Times are Unix time in milliseconds. */
export interface AuthTables {
  users: UsersTable;
  sessions: SessionsTable;
  refresh_tokens: RefreshTokensTable;
  api_tokens: ApiTokensTable;
  invitations: InvitationsTable;
  sign_in_attempts: SignInAttemptsTable;
  rate_windows: RateWindowsTable;
  email_verifications: MailTokensTable;
  password_resets: MailTokensTable;
  identities: IdentitiesTable;
  provider_sign_ins: ProviderSignInsTable;
  audit: AuditTable;
  auth_outbox: AuthOutboxTable;
  auth_leases: LeaseRow;
}

export interface UsersTable {
  id: string;
  /** As `normaliseEmail` makes it; unique. Of an account that has none, and of a deleted one, something that is no address. */
  email: string;
  name: string | null;
  /** bcrypt; empty for an account that has no password. */
  password_hash: string;
  created_at: number;
  role: UserRole;
  disabled_at: number | null;
  email_verified_at: number | null;
  /** Tokens of other issuers are good only if they were issued later, and so are sign-ins by a provider. */
  sessions_ended_at: number;
  /** Nobody can sign in any more; the row stays until the account's files are gone. */
  deleted_at: number | null;
  /** 1: wants a mail when files have come in. */
  notify_uploads: number;
  /** 1: wants a mail when files could not be processed. */
  notify_failures: number;
}

export type UserRole = 'user' | 'admin';

export interface SessionsTable {
  id: string;
  user_id: string;
  /** `web`: a token in a browser's cookie. `tokens`: access and refresh tokens. */
  kind: 'web' | 'tokens';
  /** SHA-256; null where refresh tokens stand in its place. */
  token_hash: string | null;
  address: string;
  user_agent: string;
  created_at: number;
  last_used_at: number;
  /** Moves on with use. */
  expires_at: number;
}

/** All tokens that a session has had: one that comes again after its use was stolen. */
export interface RefreshTokensTable {
  /** SHA-256. */
  token_hash: string;
  session_id: string;
  created_at: number;
  used_at: number | null;
}

export interface ApiTokensTable {
  id: string;
  user_id: string;
  name: string;
  /** SHA-256. */
  token_hash: string;
  /** The first characters, for people to recognise it by. */
  hint: string;
  /** JSON: a list of words. */
  scopes: string;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
}

export interface InvitationsTable {
  id: string;
  /** SHA-256. */
  token_hash: string;
  /** Null: for anybody. */
  email: string | null;
  created_by: string;
  created_at: number;
  expires_at: number;
  used_at: number | null;
}

/** Tokens of links in mails. Each mail has its own; one that is used goes, with all others of the account. */
export interface MailTokensTable {
  /** SHA-256. */
  token_hash: string;
  user_id: string;
  /** Where it was sent: it is good for an account that has this address. */
  email: string;
  created_at: number;
  expires_at: number;
}

/** Failures, counted for whoever they are about. */
export interface SignInAttemptsTable {
  /** Whom or what they are about, hashed, or an address or a network: see attempts.ts. */
  name: string;
  failures: number;
  blocked_until: number;
  /** When all of it is forgotten. */
  expires_at: number;
}

/** Requests that all gateways have let in. */
export interface RateWindowsTable {
  /** Policy, party and window, hashed. */
  name: string;
  requests: number;
  /** Some time after the window. */
  expires_at: number;
}

/** Who users are to others. An issuer and a subject of it name one account. */
export interface IdentitiesTable {
  id: string;
  /** Of a deleted account, too, where its issuer goes on vouching for it: it stays deleted. */
  user_id: string;
  issuer: string;
  subject: string;
  /** As the issuer said last: for people to read. */
  email: string | null;
  created_at: number;
}

/** Sign-ins with a provider that have begun. */
export interface ProviderSignInsTable {
  /** SHA-256. */
  state_hash: string;
  /** SHA-256 of what the browser keeps. */
  browser_hash: string;
  provider: string;
  redirect_uri: string;
  return_to: string;
  /** SHA-256. */
  invitation_hash: string | null;
  /** To link an account: whose, and the session that asks; empty for an access token without one. */
  user_id: string | null;
  session_id: string | null;
  created_at: number;
  expires_at: number;
}

export interface AuditTable {
  id: string;
  created_at: number;
  action: string;
  actor_kind: 'user' | 'service' | 'anonymous';
  actor_id: string;
  credential_id: string;
  target_kind: string;
  target_id: string;
  owner_id: string;
  address: string;
  user_agent: string;
  request_id: string;
  /** JSON. */
  data: string;
}

export interface AuthOutboxTable extends OutboxRow {
  user_id: string;
}
