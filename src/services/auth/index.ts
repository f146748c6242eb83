import type { Running } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';
import type {
  AccountEventServiceDefinition,
  AccountMaintenanceServiceDefinition,
  AuditServiceDefinition,
} from '../../contract/holdfast/internal/v1/account.ts';
import type { AccountMailServiceDefinition } from '../../contract/holdfast/internal/v1/account_mail.ts';
import type { RateLimitServiceDefinition } from '../../contract/holdfast/internal/v1/rate_limit.ts';
import type { AccountAdminServiceDefinition } from '../../contract/holdfast/v1/account_admin.ts';
import type { AuthServiceDefinition } from '../../contract/holdfast/v1/auth.ts';
import type { Broker } from '../../drivers/broker/port.ts';
import type { Database } from '../../drivers/database/port.ts';
import type { Service, ServiceDefinition } from '../../rpc/contract.ts';
import { createUser } from './admin/create-user.ts';
import { deleteUser } from './admin/delete-user.ts';
import { getAccount } from './admin/get-account.ts';
import { listUsers } from './admin/list-users.ts';
import { setDisabled } from './admin/set-disabled.ts';
import { setRole } from './admin/set-role.ts';
import { createApiToken } from './api-tokens/create.ts';
import { listApiTokens } from './api-tokens/list.ts';
import { revokeApiToken } from './api-tokens/revoke.ts';
import { listAudit } from './audit/list.ts';
import { recordAudit, recordAuditEntries } from './audit/record.ts';
import { authenticate } from './authenticate.ts';
import type { AuthDeps, EmailVerification, Signup } from './deps.ts';
import { readAccountEvents } from './events/read.ts';
import { startRelay } from './events/relay.ts';
import { getSigningKeys } from './get-signing-keys.ts';
import { createPasswordHashing, type PasswordHashing } from './hashing/index.ts';
import { listLinkedAccounts } from './identities/list.ts';
import { unlinkAccount } from './identities/unlink.ts';
import { createInvitation, listInvitations, revokeInvitation } from './invitations/admin.ts';
import { createIssuers, type IssuerSettings } from './issuers/index.ts';
import { prepareMail } from './mail/prepare.ts';
import { requestEmailVerification, requestPasswordReset } from './mail/request.ts';
import { listSubscribers } from './mail/subscribers.ts';
import { forgetUser, listDeletedUsers } from './maintenance/deleted-users.ts';
import { pruneAccounts } from './maintenance/prune.ts';
import { beginProviderSignIn } from './provider-sign-in/begin.ts';
import { finishProviderSignIn } from './provider-sign-in/finish.ts';
import { listSignInProviders } from './provider-sign-in/list-providers.ts';
import { createProviders, type ProviderSettings } from './providers/index.ts';
import { addRequests } from './rate-limits/add-requests.ts';
import { createSession } from './sessions/create.ts';
import { endAllSessions, endSession } from './sessions/end.ts';
import { listSessions } from './sessions/list.ts';
import { logIn } from './sessions/log-in.ts';
import { logOut } from './sessions/log-out.ts';
import { refresh } from './sessions/refresh.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { AuthTables } from './tables.ts';
import { createAccessTokens } from './tokens.ts';
import { changePassword } from './users/change-password.ts';
import { getUser } from './users/get.ts';
import { resetPassword } from './users/reset-password.ts';
import { signUp } from './users/sign-up.ts';
import { updateUser } from './users/update.ts';
import { verifyEmail } from './users/verify-email.ts';

export { countIssuerKeys, type IssuerSettings } from './issuers/index.ts';
export { AUTH_MIGRATIONS } from './migrations/index.ts';
export { createProvider, type ProviderSettings } from './providers/index.ts';
export { privateKeys, type SigningKeys, secretKey, UnusableKey } from './signing-keys.ts';
export type { AuthTables } from './tables.ts';

export interface AuthOptions {
  readonly db: Database<AuthTables>;
  readonly broker: Broker;
  /** Of access tokens. A secret is for nothing else. */
  readonly signingKeys: SigningKeys;
  /** Makes refresh tokens follow each other. At least 32 bytes, and for nothing else. */
  readonly refreshKey: Uint8Array;
  readonly signup: Signup;
  readonly emailVerification: EmailVerification;
  /** Others whose tokens are taken here. */
  readonly issuers: readonly IssuerSettings[];
  /** With whom people sign in beside a password. */
  readonly providers: readonly ProviderSettings[];
  /** Makes what a provider binds its answers to. At least 32 bytes, and for nothing else. */
  readonly signInKey: Uint8Array;
  /** Milliseconds that audit entries are kept. */
  readonly auditRetention: number;
  readonly log: Logger;
  readonly hashing?: PasswordHashing;
}

type Verbs<D extends ServiceDefinition> = { [M in keyof D['methods']]: (deps: AuthDeps) => Service<D>[M] };

const AUTH_VERBS: Verbs<AuthServiceDefinition> = {
  signUp,
  logIn,
  createSession,
  refresh,
  logOut,
  authenticate,
  getUser,
  changePassword,
  updateUser,
  requestEmailVerification,
  verifyEmail,
  requestPasswordReset,
  resetPassword,
  listSessions,
  endSession,
  endSessions: endAllSessions,
  createApiToken,
  listApiTokens,
  revokeApiToken,
  listSignInProviders,
  beginProviderSignIn,
  finishProviderSignIn,
  listLinkedAccounts,
  unlinkAccount,
  getSigningKeys,
};

const ADMIN_VERBS: Verbs<AccountAdminServiceDefinition> = {
  listUsers,
  getAccount,
  createUser,
  setRole,
  setDisabled,
  deleteUser,
  createInvitation,
  listInvitations,
  revokeInvitation,
  listAudit,
};

/** The contracts that auth answers, and its own loops. */
export interface AuthService {
  readonly auth: Service<AuthServiceDefinition>;
  readonly admin: Service<AccountAdminServiceDefinition>;
  readonly audit: Service<AuditServiceDefinition>;
  readonly maintenance: Service<AccountMaintenanceServiceDefinition>;
  readonly events: Service<AccountEventServiceDefinition>;
  readonly rateLimits: Service<RateLimitServiceDefinition>;
  readonly mail: Service<AccountMailServiceDefinition>;
  start(): Running;
}

/** Accounts, and the question "who is this?". An account's owner id is its user id. */
export function createAuthService(options: AuthOptions): AuthService {
  const { db, broker, signingKeys, refreshKey, signup, emailVerification, signInKey, auditRetention, log } = options;
  let wake = () => {};
  const deps: AuthDeps = {
    db,
    hashing: options.hashing ?? createPasswordHashing(),
    tokens: createAccessTokens(signingKeys),
    refreshKey,
    signup,
    emailVerification,
    issuers: createIssuers(options.issuers, log),
    providers: createProviders(options.providers),
    signInKey,
    auditRetention,
    onEvent: () => wake(),
    log,
  };
  return {
    auth: given(deps, AUTH_VERBS),
    admin: given(deps, ADMIN_VERBS),
    audit: given(deps, { recordAudit, recordAuditEntries }),
    maintenance: given(deps, { listDeletedUsers, forgetUser, pruneAccounts }),
    events: { readAccountEvents: readAccountEvents(deps) },
    rateLimits: { addRequests: addRequests(deps) },
    mail: given(deps, { prepareMail, listSubscribers }),
    start() {
      const relay = startRelay({ db, broker, log });
      wake = relay.wake;
      return relay;
    },
  };
}

const given = <D extends ServiceDefinition>(deps: AuthDeps, verbs: Verbs<D>): Service<D> =>
  Object.fromEntries(
    Object.entries<(deps: AuthDeps) => unknown>(verbs).map(([name, verb]) => [name, verb(deps)]),
  ) as Service<D>;
