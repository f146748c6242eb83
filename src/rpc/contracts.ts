import { EventServiceDefinition } from '../contract/holdfast/internal/v1/event.ts';
import { MaintenanceServiceDefinition } from '../contract/holdfast/internal/v1/maintenance.ts';
import { UploadServiceDefinition } from '../contract/holdfast/internal/v1/upload.ts';
import { WorkServiceDefinition } from '../contract/holdfast/internal/v1/work.ts';
import { AuthServiceDefinition } from '../contract/holdfast/v1/auth.ts';
import { FileServiceDefinition } from '../contract/holdfast/v1/file.ts';
import { StorageServiceDefinition } from '../contract/holdfast/v1/storage.ts';
import type { ServiceDefinition } from './contract.ts';

/** Which contracts each service answers. Who is not here only calls. */
export const CONTRACTS = {
  auth: { auth: AuthServiceDefinition },
  files: {
    files: FileServiceDefinition,
    uploads: UploadServiceDefinition,
    work: WorkServiceDefinition,
    maintenance: MaintenanceServiceDefinition,
    events: EventServiceDefinition,
  },
  storage: { storage: StorageServiceDefinition },
} as const satisfies Readonly<Record<string, Readonly<Record<string, ServiceDefinition>>>>;

export const ALL_CONTRACTS: readonly ServiceDefinition[] = Object.values(CONTRACTS).flatMap((answered) =>
  Object.values<ServiceDefinition>(answered),
);
