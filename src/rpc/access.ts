import type { ClientGrant } from '../base/client-grant.ts';
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
import { type MethodsOf, methodsOf, pathOf, type ServiceDefinition } from './contract.ts';

/** What whoever bears a certificate may do. */
export interface Grant {
  /** Methods, by their paths. */
  readonly calls: readonly string[];
  /** May say on behalf of which user a call is made, or that it is nobody's. */
  readonly forwardsPrincipals?: boolean;
  /** May name any owner in a request, and so act for them. */
  readonly actsForOwners?: boolean;
}

/** Who may call what: from the name in a certificate (`spiffe://holdfast/<name>`) to methods. Who is not here may nothing. */
export const ACCESS: Readonly<Record<string, Grant>> = {
  gateway: {
    calls: [
      every(AuthServiceDefinition),
      every(AccountAdminServiceDefinition),
      every(AuditServiceDefinition),
      every(RateLimitServiceDefinition),
      every(FileServiceDefinition),
      every(FileAdminServiceDefinition),
      every(UploadServiceDefinition),
      every(InstallationServiceDefinition),
    ].flat(),
    forwardsPrincipals: true,
    actsForOwners: true,
  },
  files: {
    calls: [
      some(
        StorageServiceDefinition,
        'signUpload',
        'signUploads',
        'createMultipart',
        'signParts',
        'listParts',
        'completeMultipart',
        'inspectObject',
        'moveObject',
        'deleteObjects',
        'signDownload',
      ),
      some(AuditServiceDefinition, 'recordAuditEntries'),
    ].flat(),
  },
  ingest: { calls: some(UploadServiceDefinition, 'confirmArrival') },
  storage: { calls: every(InstallationServiceDefinition) },
  processor: { calls: [every(WorkServiceDefinition), every(InstallationServiceDefinition)].flat() },
  janitor: {
    calls: [
      every(MaintenanceServiceDefinition),
      every(AccountMaintenanceServiceDefinition),
      some(StorageServiceDefinition, 'listMultipart', 'abortMultipart', 'listObjects', 'deleteObjects'),
    ].flat(),
    // Deletes what accounts that are gone have left.
    actsForOwners: true,
  },
  notifier: {
    calls: [
      every(EventServiceDefinition),
      every(AccountEventServiceDefinition),
      every(AccountMailServiceDefinition),
    ].flat(),
  },
};

const BACK_END_CALLS: Readonly<Record<ClientGrant['may'], readonly string[]>> = {
  all: every(FileServiceDefinition),
  read: harmless(FileServiceDefinition),
  admin: [...every(FileServiceDefinition), ...every(FileAdminServiceDefinition)],
};

/** The table with the back ends that the operator lets in: each acts for the owners that it names, its own users. */
export const accessWith = (clients: readonly ClientGrant[]): Readonly<Record<string, Grant>> => ({
  ...ACCESS,
  ...Object.fromEntries(
    clients.map(({ name, may }) => [`client/${name}`, { calls: BACK_END_CALLS[may], actsForOwners: true }]),
  ),
});

function every(definition: ServiceDefinition): string[] {
  return methodsOf(definition).map(([, , path]) => path);
}

function some<D extends ServiceDefinition>(definition: D, ...methods: MethodsOf<D>[]): string[] {
  return methods.map((method) => pathOf(definition, method));
}

function harmless(definition: ServiceDefinition): string[] {
  return methodsOf(definition)
    .filter(([, { options }]) => options.idempotencyLevel === 'NO_SIDE_EFFECTS')
    .map(([, , path]) => path);
}
