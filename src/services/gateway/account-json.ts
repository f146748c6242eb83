import { toWord } from '../../base/enum-words.ts';
import type { AuditEntry, Invitation } from '../../contract/holdfast/v1/account_admin.ts';
import {
  type ApiToken,
  type LinkedAccount,
  Role,
  type Session,
  SessionKind,
  type User,
} from '../../contract/holdfast/v1/auth.ts';
import { present } from './present.ts';
import type { AuditEntryJson, InvitationJson } from './schemas/admin.ts';
import type { LinkedAccountJson } from './schemas/oauth.ts';
import type { ApiTokenJson, SessionJson } from './schemas/session.ts';
import type { UserJson } from './schemas/user.ts';

const time = (value: Date | undefined): string | null => value?.toISOString() ?? null;

export const userJson = (user: User): UserJson => ({
  id: user.id,
  email: user.email,
  name: user.name ?? null,
  createdAt: present(user.createdAt).toISOString(),
  role: toWord(Role, user.role),
  emailVerified: user.emailVerified,
  hasPassword: user.hasPassword,
  notifications: { uploads: user.notifications?.uploads ?? false, failures: user.notifications?.failures ?? false },
  disabledAt: time(user.disabledAt),
});

export const sessionJson = (session: Session, currentId: string): SessionJson => ({
  id: session.id,
  kind: toWord(SessionKind, session.kind),
  current: session.id === currentId,
  address: session.client?.address ?? '',
  userAgent: session.client?.userAgent ?? '',
  createdAt: present(session.createdAt).toISOString(),
  lastUsedAt: present(session.lastUsedAt).toISOString(),
  expiresAt: present(session.expiresAt).toISOString(),
});

export const apiTokenJson = (token: ApiToken): ApiTokenJson => ({
  id: token.id,
  name: token.name,
  scopes: token.scopes as ApiTokenJson['scopes'],
  hint: token.hint,
  createdAt: present(token.createdAt).toISOString(),
  expiresAt: time(token.expiresAt),
  lastUsedAt: time(token.lastUsedAt),
});

export const linkedAccountJson = (account: LinkedAccount): LinkedAccountJson => ({
  id: account.id,
  provider: account.provider ?? null,
  issuer: account.issuer,
  email: account.email ?? null,
  createdAt: present(account.createdAt).toISOString(),
});

export const invitationJson = (invitation: Invitation): InvitationJson => ({
  id: invitation.id,
  email: invitation.email ?? null,
  createdAt: present(invitation.createdAt).toISOString(),
  expiresAt: present(invitation.expiresAt).toISOString(),
});

export const auditEntryJson = (entry: AuditEntry): AuditEntryJson => ({
  id: entry.id,
  createdAt: present(entry.createdAt).toISOString(),
  action: entry.action,
  actor: {
    kind: entry.actorKind as AuditEntryJson['actor']['kind'],
    id: entry.actorId,
    credentialId: entry.credentialId || null,
  },
  target: { kind: entry.targetKind, id: entry.targetId },
  ownerId: entry.ownerId || null,
  address: entry.client?.address ?? '',
  userAgent: entry.client?.userAgent ?? '',
  requestId: entry.requestId,
  data: entry.data ?? {},
});
