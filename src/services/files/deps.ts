import type { Logger } from '../../base/logger.ts';
import type { EventServiceDefinition } from '../../contract/holdfast/internal/v1/event.ts';
import type { InstallationServiceDefinition } from '../../contract/holdfast/internal/v1/installation.ts';
import type { MaintenanceServiceDefinition } from '../../contract/holdfast/internal/v1/maintenance.ts';
import type { UploadServiceDefinition } from '../../contract/holdfast/internal/v1/upload.ts';
import type { WorkServiceDefinition } from '../../contract/holdfast/internal/v1/work.ts';
import type { FileServiceDefinition } from '../../contract/holdfast/v1/file.ts';
import type { FileAdminServiceDefinition } from '../../contract/holdfast/v1/file_admin.ts';
import type { StorageServiceDefinition } from '../../contract/holdfast/v1/storage.ts';
import type { Broker } from '../../drivers/broker/port.ts';
import type { Database } from '../../drivers/database/port.ts';
import type { Service, ServiceDefinition } from '../../rpc/contract.ts';
import type { ProcessingCatalog } from './catalog.ts';
import type { FilesTables } from './tables.ts';

/** Bytes and milliseconds. */
export interface FilesSettings {
  readonly maxFileSize: number;
  /** Content types or families (`image/*`); empty: all. */
  readonly allowedTypes: readonly string[];
  /** For owners without a quota of their own; undefined: no limit. */
  readonly userQuota: number | undefined;
  /** The same, of files. */
  readonly userMaxFiles: number | undefined;
  readonly uploadExpiry: number;
  readonly trashRetention: number;
  readonly maxRetries: number;
  /** How long a claim of jobs holds without being extended. */
  readonly jobLease: number;
}

export interface FilesDeps {
  readonly db: Database<FilesTables>;
  readonly storage: Service<StorageServiceDefinition>;
  readonly broker: Broker;
  readonly catalog: ProcessingCatalog;
  readonly settings: FilesSettings;
  /** Signs confirm tokens. */
  readonly confirmKey: Uint8Array;
  /** Where clients reach the gateway; absent, or nothing, where nobody has said. */
  readonly publicUrl?: () => string | undefined;
  /** Called after a commit that wrote an event. */
  readonly onEvent: () => void;
  readonly log: Logger;
}

/** A method of a contract, given what it needs. One file each. */
type Verb<D extends ServiceDefinition, M extends keyof D['methods']> = (deps: FilesDeps) => Service<D>[M];

export type FileVerb<M extends keyof FileServiceDefinition['methods']> = Verb<FileServiceDefinition, M>;
/** What admins do needs less. */
export type AdminDeps = Pick<FilesDeps, 'db' | 'broker' | 'settings' | 'log'>;
export type AdminVerb<M extends keyof FileAdminServiceDefinition['methods']> = (
  deps: AdminDeps,
) => Service<FileAdminServiceDefinition>[M];
export type UploadVerb<M extends keyof UploadServiceDefinition['methods']> = Verb<UploadServiceDefinition, M>;
export type WorkVerb<M extends keyof WorkServiceDefinition['methods']> = Verb<WorkServiceDefinition, M>;
export type MaintenanceVerb<M extends keyof MaintenanceServiceDefinition['methods']> = Verb<
  MaintenanceServiceDefinition,
  M
>;
export type EventVerb<M extends keyof EventServiceDefinition['methods']> = Verb<EventServiceDefinition, M>;
export type InstallationVerb<M extends keyof InstallationServiceDefinition['methods']> = Verb<
  InstallationServiceDefinition,
  M
>;
