import type { Running } from '../../base/lifecycle.ts';
import type { AuditServiceDefinition } from '../../contract/holdfast/internal/v1/account.ts';
import type { EventServiceDefinition } from '../../contract/holdfast/internal/v1/event.ts';
import type { InstallationServiceDefinition } from '../../contract/holdfast/internal/v1/installation.ts';
import type { MaintenanceServiceDefinition } from '../../contract/holdfast/internal/v1/maintenance.ts';
import type { UploadServiceDefinition } from '../../contract/holdfast/internal/v1/upload.ts';
import type { WorkServiceDefinition } from '../../contract/holdfast/internal/v1/work.ts';
import type { FileServiceDefinition } from '../../contract/holdfast/v1/file.ts';
import type { FileAdminServiceDefinition } from '../../contract/holdfast/v1/file_admin.ts';
import type { Service, ServiceDefinition } from '../../rpc/contract.ts';
import { getTotalUsage } from './admin/get-total-usage.ts';
import { listAllJobs, retryJobs } from './admin/jobs.ts';
import { listUsage } from './admin/list-usage.ts';
import { setQuota } from './admin/set-quota.ts';
import { noteAdmins } from './audit/note-admins.ts';
import { noteBackEnds } from './audit/note-back-ends.ts';
import { AuditTrail } from './audit/trail.ts';
import { breakLeases } from './break-leases.ts';
import type { AdminDeps, FilesDeps } from './deps.ts';
import { readEvents } from './events/read.ts';
import { startRelay } from './events/relay.ts';
import { getInstallation } from './installation.ts';
import { claimJobs } from './jobs/claim.ts';
import { completeJobs } from './jobs/complete.ts';
import { startDispatch } from './jobs/dispatch.ts';
import { listDueFiles } from './jobs/due.ts';
import { extendLease, releaseJobs } from './jobs/lease.ts';
import { getJob, listJobs } from './jobs/list.ts';
import { requestVariant } from './jobs/request-variant.ts';
import { retryJob } from './jobs/retry.ts';
import { deleteFile } from './lifecycle/delete.ts';
import { generateDownloadURL } from './lifecycle/download-url.ts';
import { getFile } from './lifecycle/get.ts';
import { listFiles } from './lifecycle/list.ts';
import { resolveContent } from './lifecycle/resolve-content.ts';
import { restoreFile } from './lifecycle/restore.ts';
import { updateFile } from './lifecycle/update.ts';
import { deleteOwnerFiles } from './maintenance/delete-owner-files.ts';
import { listPurgeable } from './maintenance/list-purgeable.ts';
import { listLostUploads, settleLostUpload } from './maintenance/lost-uploads.ts';
import { forgetOrphans, listOrphans, reviewObjects } from './maintenance/orphans.ts';
import { pruneRecords } from './maintenance/prune-records.ts';
import { beginPurge, finishPurge } from './maintenance/purge.ts';
import { abandonUpload, abortUpload } from './uploads/abandon.ts';
import { beginUpload } from './uploads/begin.ts';
import { checkConfirmToken } from './uploads/check-confirm-token.ts';
import { checkUploadOpen } from './uploads/check-open.ts';
import { confirmUpload } from './uploads/confirm.ts';
import { confirmArrival } from './uploads/confirm-arrival.ts';
import { extendUpload } from './uploads/extend.ts';
import { finishUpload } from './uploads/finish.ts';
import { generateUploadURLs } from './uploads/generate-urls.ts';
import { getUpload } from './uploads/get-upload.ts';
import { startHashing } from './uploads/hash-later.ts';
import { claimIdempotencyKey, extendIdempotencyKey, settleIdempotencyKey } from './uploads/idempotency.ts';
import { generateUploadPartURLs } from './uploads/sign-parts.ts';
import { getUsage } from './usage.ts';

export type { FilesSettings } from './deps.ts';
export { FILES_MIGRATIONS } from './migrations/index.ts';
export type { FilesTables } from './tables.ts';

type Verbs<D extends ServiceDefinition, Deps = FilesDeps> = {
  [M in keyof D['methods']]: (deps: Deps) => Service<D>[M];
};

const FILE_VERBS: Verbs<FileServiceDefinition> = {
  generateUploadURLs,
  getUpload,
  generateUploadPartURLs,
  confirmUpload,
  abortUpload,
  getFile,
  listFiles,
  updateFile,
  deleteFile,
  restoreFile,
  generateDownloadURL,
  requestVariant,
  listJobs,
  getJob,
  retryJob,
  getUsage,
};

const ADMIN_VERBS: Verbs<FileAdminServiceDefinition, AdminDeps> = {
  listUsage,
  getTotalUsage,
  setQuota,
  listAllJobs,
  retryJobs,
};

const UPLOAD_VERBS: Verbs<UploadServiceDefinition> = {
  beginUpload,
  extendUpload,
  finishUpload,
  abandonUpload,
  checkUploadOpen,
  checkConfirmToken,
  confirmArrival,
  resolveContent,
  claimIdempotencyKey,
  extendIdempotencyKey,
  settleIdempotencyKey,
};

const WORK_VERBS: Verbs<WorkServiceDefinition> = { claimJobs, listDueFiles, extendLease, completeJobs, releaseJobs };

const MAINTENANCE_VERBS: Verbs<MaintenanceServiceDefinition> = {
  listPurgeable,
  listLostUploads,
  settleLostUpload,
  beginPurge,
  finishPurge,
  deleteOwnerFiles,
  reviewObjects,
  listOrphans,
  forgetOrphans,
  pruneRecords,
};

const EVENT_VERBS: Verbs<EventServiceDefinition> = { readEvents };

const INSTALLATION_VERBS: Verbs<InstallationServiceDefinition> = { getInstallation };

export interface FilesOptions {
  /** Where it is written what other back ends do; absent where there are none. */
  readonly audit?: Service<AuditServiceDefinition> | undefined;
}

/** Hands every method of a contract what it needs. */
function assemble<D extends ServiceDefinition, Deps = FilesDeps>(verbs: Verbs<D, Deps>, deps: Deps): Service<D> {
  return Object.fromEntries(
    Object.entries<(deps: Deps) => unknown>(verbs).map(([name, verb]) => [name, verb(deps)]),
  ) as Service<D>;
}

/** What admins see of all owners, and do for them. */
export const createFileAdmin = (deps: AdminDeps): Service<FileAdminServiceDefinition> =>
  assemble<FileAdminServiceDefinition, AdminDeps>(ADMIN_VERBS, deps);

/**
 * The life of a file: uploads, variants, jobs and their dispatch, trash and quotas. It owns the rows and never touches
 * bytes. One implementation answers seven contracts: what everybody may ask, and what only our own services may.
 */
export function createFilesService({ audit, ...needs }: Omit<FilesDeps, 'onEvent'> & FilesOptions) {
  let relay: { wake(): void } | undefined;
  const deps: FilesDeps = { ...needs, onEvent: () => relay?.wake() };
  const files = assemble<FileServiceDefinition>(FILE_VERBS, deps);
  const admin = createFileAdmin(deps);
  const trail = audit && new AuditTrail(audit, deps.log);
  return {
    files: trail ? noteBackEnds(files, trail) : files,
    admin: trail ? noteAdmins(admin, trail) : admin,
    uploads: assemble<UploadServiceDefinition>(UPLOAD_VERBS, deps),
    work: assemble<WorkServiceDefinition>(WORK_VERBS, deps),
    maintenance: assemble<MaintenanceServiceDefinition>(MAINTENANCE_VERBS, deps),
    events: assemble<EventServiceDefinition>(EVENT_VERBS, deps),
    installation: assemble<InstallationServiceDefinition>(INSTALLATION_VERBS, deps),
    breakLeases: () => breakLeases(deps.db),

    /** Starts what goes on beside calls: relaying events, dispatching jobs, hashing what was not hashed. */
    start(): Running {
      const events = startRelay(deps);
      relay = events;
      const loops = [events, startDispatch(deps), startHashing(deps)];
      return {
        async stop() {
          relay = undefined;
          await Promise.all([...loops.map((loop) => loop.stop()), trail?.stop()]);
        },
      };
    },
  };
}
