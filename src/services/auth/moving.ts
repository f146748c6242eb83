import type { MovingTables } from '../../base/moving-tables.ts';
import type { AuthTables } from './tables.ts';

/** What goes along when an installation moves. */
export const AUTH_MOVING: MovingTables<AuthTables> = {
  users: {
    columns: {
      id: 'key',
      email: 'value',
      name: 'value',
      password_hash: 'value',
      created_at: 'value',
      role: 'value',
      disabled_at: 'value',
      email_verified_at: 'value',
      sessions_ended_at: 'value',
      deleted_at: 'value',
      notify_uploads: 'value',
      notify_failures: 'value',
    },
  },
  sessions: {
    columns: {
      id: 'key',
      user_id: 'value',
      kind: 'value',
      token_hash: 'value',
      address: 'value',
      user_agent: 'value',
      created_at: 'value',
      last_used_at: 'value',
      expires_at: 'value',
    },
  },
  refresh_tokens: {
    columns: {
      token_hash: 'key',
      session_id: 'value',
      created_at: 'value',
      used_at: 'value',
    },
  },
  api_tokens: {
    columns: {
      id: 'key',
      user_id: 'value',
      name: 'value',
      token_hash: 'value',
      hint: 'value',
      scopes: 'value',
      created_at: 'value',
      expires_at: 'value',
      last_used_at: 'value',
    },
  },
  invitations: {
    columns: {
      id: 'key',
      token_hash: 'value',
      email: 'value',
      created_by: 'value',
      created_at: 'value',
      expires_at: 'value',
      used_at: 'value',
    },
  },
  sign_in_attempts: {
    columns: {
      name: 'key',
      failures: 'value',
      blocked_until: 'value',
      expires_at: 'value',
    },
  },
  email_verifications: {
    columns: { token_hash: 'key', user_id: 'value', email: 'value', created_at: 'value', expires_at: 'value' },
  },
  password_resets: {
    columns: { token_hash: 'key', user_id: 'value', email: 'value', created_at: 'value', expires_at: 'value' },
  },
  identities: {
    columns: {
      id: 'key',
      user_id: 'value',
      issuer: 'value',
      subject: 'value',
      email: 'value',
      created_at: 'value',
    },
  },
  provider_sign_ins: {
    columns: {
      state_hash: 'key',
      browser_hash: 'value',
      provider: 'value',
      redirect_uri: 'value',
      return_to: 'value',
      invitation_hash: 'value',
      user_id: 'value',
      session_id: 'value',
      created_at: 'value',
      expires_at: 'value',
    },
  },
  audit: {
    columns: {
      id: 'key',
      created_at: 'value',
      action: 'value',
      actor_kind: 'value',
      actor_id: 'value',
      credential_id: 'value',
      target_kind: 'value',
      target_id: 'value',
      owner_id: 'value',
      address: 'value',
      user_agent: 'value',
      request_id: 'value',
      data: 'value',
    },
  },
  auth_outbox: {
    columns: {
      id: 'key',
      position: 'value',
      type: 'value',
      version: 'value',
      user_id: 'value',
      data: 'value',
      created_at: 'value',
    },
  },
  rate_windows: { stays: 'They are over in a minute.' },
  auth_leases: { stays: 'Its instances hold them.' },
};
