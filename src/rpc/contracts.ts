import {
  AccountEventServiceDefinition,
  AccountMaintenanceServiceDefinition,
  AuditServiceDefinition,
} from '../contract/holdfast/internal/v1/account.ts';
import { AccountMailServiceDefinition } from '../contract/holdfast/internal/v1/account_mail.ts';
import { EventServiceDefinition } from '../contract/holdfast/internal/v1/event.ts';
import { InstallationServiceDefinition } from '../contract/holdfast/internal/v1/installation.ts';
import { MaintenanceServiceDefinition } from '../contract/holdfast/internal/v1/maintenance.ts';
import { RateLimitServiceDefinition } from '../contract/holdfast/internal/v1/rate_limit.ts';
import { UploadServiceDefinition } from '../contract/holdfast/internal/v1/upload.ts';
import { WorkServiceDefinition } from '../contract/holdfast/internal/v1/work.ts';
import { AccountAdminServiceDefinition } from '../contract/holdfast/v1/account_admin.ts';
import { AuthServiceDefinition } from '../contract/holdfast/v1/auth.ts';
import { FileServiceDefinition } from '../contract/holdfast/v1/file.ts';
import { FileAdminServiceDefinition } from '../contract/holdfast/v1/file_admin.ts';
import { StorageServiceDefinition } from '../contract/holdfast/v1/storage.ts';
import type { Service, ServiceDefinition } from './contract.ts';

/** Which contracts each service answers. Who is not here only calls. */
export const CONTRACTS = {
  auth: {
    auth: AuthServiceDefinition,
    admin: AccountAdminServiceDefinition,
    audit: AuditServiceDefinition,
    maintenance: AccountMaintenanceServiceDefinition,
    events: AccountEventServiceDefinition,
    rateLimits: RateLimitServiceDefinition,
    mail: AccountMailServiceDefinition,
  },
  files: {
    files: FileServiceDefinition,
    admin: FileAdminServiceDefinition,
    uploads: UploadServiceDefinition,
    work: WorkServiceDefinition,
    maintenance: MaintenanceServiceDefinition,
    events: EventServiceDefinition,
    installation: InstallationServiceDefinition,
  },
  storage: { storage: StorageServiceDefinition },
} as const satisfies Readonly<Record<string, Readonly<Record<string, ServiceDefinition>>>>;

/** What a service answers to others, wherever it runs. */
export type Answers<S extends keyof typeof CONTRACTS> = {
  readonly [C in keyof (typeof CONTRACTS)[S]]: (typeof CONTRACTS)[S][C] extends infer D extends ServiceDefinition
    ? Service<D>
    : never;
};

export const ALL_CONTRACTS: readonly ServiceDefinition[] = Object.values(CONTRACTS).flatMap((answered) =>
  Object.values<ServiceDefinition>(answered),
);
