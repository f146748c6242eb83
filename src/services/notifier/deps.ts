import type { Logger } from '../../base/logger.ts';
import type { AccountEventServiceDefinition } from '../../contract/holdfast/internal/v1/account.ts';
import type { AccountMailServiceDefinition } from '../../contract/holdfast/internal/v1/account_mail.ts';
import type { EventServiceDefinition } from '../../contract/holdfast/internal/v1/event.ts';
import type { Broker } from '../../drivers/broker/port.ts';
import type { Database } from '../../drivers/database/port.ts';
import type { Mail } from '../../drivers/mail/port.ts';
import type { Service } from '../../rpc/contract.ts';
import type { NotifierTables } from './tables.ts';

export interface NotifierSettings {
  /** Where people reach the server; throws `unavailable` while that is not known. */
  readonly publicUrl: () => string;
  /** Pages of the application's own that links lead to, with the token behind `#`; undefined: ours. */
  readonly emailVerificationUrl: string | undefined;
  readonly passwordResetUrl: string | undefined;
  /** Milliseconds in which what happens to a user's files goes into one mail. */
  readonly digestWindow?: number;
  /** For `backoff`, between tries. */
  readonly retry?: { readonly base: number; readonly max: number };
  readonly maxAttempts?: number;
  /** Milliseconds between looks for what is due. */
  readonly pollInterval?: number;
}

export interface NotifierDeps {
  readonly db: Database<NotifierTables>;
  readonly broker: Broker;
  readonly mail: Mail;
  readonly accounts: {
    readonly events: Service<AccountEventServiceDefinition>;
    readonly mail: Service<AccountMailServiceDefinition>;
  };
  readonly files: { readonly events: Service<EventServiceDefinition> };
  readonly settings: NotifierSettings;
  readonly log: Logger;
}
