import type { Logger } from '../../base/logger.ts';
import type { Probe } from '../../base/probe.ts';
import type { AuditServiceDefinition } from '../../contract/holdfast/internal/v1/account.ts';
import type { RateLimitServiceDefinition } from '../../contract/holdfast/internal/v1/rate_limit.ts';
import type { UploadServiceDefinition } from '../../contract/holdfast/internal/v1/upload.ts';
import type { AccountAdminServiceDefinition } from '../../contract/holdfast/v1/account_admin.ts';
import type { AuthServiceDefinition } from '../../contract/holdfast/v1/auth.ts';
import type { FileServiceDefinition } from '../../contract/holdfast/v1/file.ts';
import type { FileAdminServiceDefinition } from '../../contract/holdfast/v1/file_admin.ts';
import type { ObjectStore } from '../../drivers/objects/port.ts';
import type { Service } from '../../rpc/contract.ts';
import type { RateLimits } from './rate-limits/limits.ts';

export interface GatewaySettings {
  readonly host: string;
  readonly port: number;
  /** Undefined: as the server listens. */
  readonly publicUrl: string | undefined;
  readonly trustProxy: readonly string[];
  readonly corsOrigins: readonly string[];
  /** Beside this server, where a browser may be sent after signing in with a provider. */
  readonly signInOrigins: readonly string[];
  /** Bytes. */
  readonly maxFileSize: number;
  /** Content types or families; empty: all. */
  readonly allowedTypes: readonly string[];
  readonly rateLimits: RateLimits;
  readonly version: string;
}

/** All that the gateway knows of the rest of the house. */
export interface GatewayDeps {
  readonly auth: Service<AuthServiceDefinition>;
  readonly admin: Service<AccountAdminServiceDefinition>;
  readonly audit: Service<AuditServiceDefinition>;
  readonly rateLimits: Service<RateLimitServiceDefinition>;
  readonly files: Service<FileServiceDefinition>;
  readonly fileAdmin: Service<FileAdminServiceDefinition>;
  readonly uploads: Service<UploadServiceDefinition>;
  readonly objects: ObjectStore;
  /** By the name that /readyz shows. */
  readonly probes: Readonly<Record<string, Probe>>;
  readonly settings: GatewaySettings;
  readonly log: Logger;
}
