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
import type { Database } from '../../drivers/database/port.ts';
import type { Service, ServiceDefinition } from '../../rpc/contract.ts';
import type { PasswordHashing } from './hashing/index.ts';
import type { Issuers } from './issuers/index.ts';
import type { Providers } from './providers/index.ts';
import type { AuthTables } from './tables.ts';
import type { AccessTokens } from './tokens.ts';

/** Who may make an account: anybody, whoever has an invitation, nobody but by an admin. */
export type Signup = 'open' | 'invite' | 'closed';

/** Whether one has to have confirmed an e-mail to sign in with its password. */
export type EmailVerification = 'optional' | 'required';

/** What each method is given. */
export interface AuthDeps {
  readonly db: Database<AuthTables>;
  readonly hashing: PasswordHashing;
  readonly tokens: AccessTokens;
  /** Makes the refresh token that follows another. */
  readonly refreshKey: Uint8Array;
  readonly signup: Signup;
  readonly emailVerification: EmailVerification;
  /** Others whose tokens are taken here. */
  readonly issuers: Issuers;
  /** With whom people sign in. */
  readonly providers: Providers;
  /** Makes what a provider binds its answers to. */
  readonly signInKey: Uint8Array;
  /** Milliseconds that audit entries are kept. */
  readonly auditRetention: number;
  /** Called after a commit that wrote an event. */
  readonly onEvent: () => void;
  readonly log: Logger;
}

/** A method of a contract, given what it needs. One file each. */
type Verb<D extends ServiceDefinition, M extends keyof D['methods']> = (deps: AuthDeps) => Service<D>[M];

export type AuthVerb<M extends keyof AuthServiceDefinition['methods']> = Verb<AuthServiceDefinition, M>;
export type AdminVerb<M extends keyof AccountAdminServiceDefinition['methods']> = Verb<
  AccountAdminServiceDefinition,
  M
>;
export type AuditVerb<M extends keyof AuditServiceDefinition['methods']> = Verb<AuditServiceDefinition, M>;
export type RateLimitVerb<M extends keyof RateLimitServiceDefinition['methods']> = Verb<RateLimitServiceDefinition, M>;
export type MaintenanceVerb<M extends keyof AccountMaintenanceServiceDefinition['methods']> = Verb<
  AccountMaintenanceServiceDefinition,
  M
>;
export type EventVerb<M extends keyof AccountEventServiceDefinition['methods']> = Verb<
  AccountEventServiceDefinition,
  M
>;
export type MailVerb<M extends keyof AccountMailServiceDefinition['methods']> = Verb<AccountMailServiceDefinition, M>;
