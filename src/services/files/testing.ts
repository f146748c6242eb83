import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type CallContext, serviceContext } from '../../base/context.ts';
import { HoldfastError } from '../../base/errors.ts';
import { EventServiceDefinition } from '../../contract/holdfast/internal/v1/event.ts';
import { InstallationServiceDefinition } from '../../contract/holdfast/internal/v1/installation.ts';
import { MaintenanceServiceDefinition } from '../../contract/holdfast/internal/v1/maintenance.ts';
import { UploadServiceDefinition } from '../../contract/holdfast/internal/v1/upload.ts';
import { WorkServiceDefinition } from '../../contract/holdfast/internal/v1/work.ts';
import { FileServiceDefinition } from '../../contract/holdfast/v1/file.ts';
import { FileAdminServiceDefinition } from '../../contract/holdfast/v1/file_admin.ts';
import { StorageServiceDefinition } from '../../contract/holdfast/v1/storage.ts';
import { openBroker } from '../../drivers/broker/index.ts';
import { openDatabase } from '../../drivers/database/index.ts';
import { openObjects } from '../../drivers/objects/index.ts';
import { type Calls, IN_PROCESS } from '../../rpc/testing/calls.ts';
import { createStorageService } from '../storage/index.ts';
import type { PlannedJob, ProcessingCatalog } from './catalog.ts';
import { createFilesService, FILES_MIGRATIONS, type FilesSettings, type FilesTables } from './index.ts';

/** An empty database that nobody else uses. */
interface Place {
  readonly url: string;
  stop(): Promise<void>;
}

const IN_DATA_DIR: Place = { url: 'sqlite:', stop: async () => {} };

/**
 * A files service on a real database and a real object store, in a folder of its own. Its calls pass through their
 * wire form, as between processes, or through gRPC itself.
 */
export async function openTestFiles(
  settings: Partial<FilesSettings> = {},
  place: Place = IN_DATA_DIR,
  calls: Calls = IN_PROCESS,
  storageUrl = 'file:',
) {
  const log = pino({ level: 'silent' });
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-files-'));
  const server = await openDatabase(place.url, { dataDir, log });
  const db = server.view<FilesTables>();
  await db.migrate('files', FILES_MIGRATIONS);
  const objects = await openObjects(storageUrl, {
    dataDir,
    signingKey: Buffer.alloc(32, 1),
    publicUrl: () => 'http://127.0.0.1',
    log,
  });
  const broker = await openBroker('local:', { log });
  const service = createFilesService({
    db,
    storage: calls.to(StorageServiceDefinition, createStorageService({ objects, log })),
    broker,
    catalog: CATALOG,
    settings: {
      maxFileSize: 10 * 1024 ** 3,
      allowedTypes: [],
      userQuota: undefined,
      userMaxFiles: undefined,
      uploadExpiry: 3600_000,
      trashRetention: 3600_000,
      maxRetries: 2,
      jobLease: 60_000,
      ...settings,
    },
    confirmKey: Buffer.alloc(32, 2),
    publicUrl: () => 'https://files.example.org/',
    log,
  });
  return {
    ...service,
    files: calls.to(FileServiceDefinition, service.files),
    admin: calls.to(FileAdminServiceDefinition, service.admin),
    uploads: calls.to(UploadServiceDefinition, service.uploads),
    work: calls.to(WorkServiceDefinition, service.work),
    maintenance: calls.to(MaintenanceServiceDefinition, service.maintenance),
    events: calls.to(EventServiceDefinition, service.events),
    installation: calls.to(InstallationServiceDefinition, service.installation),
    db,
    objects,
    broker,
    as: (ownerId: string): CallContext => ({
      ...serviceContext('test', log, 'test'),
      principal: { kind: 'user', ownerId },
    }),
    asService: serviceContext('test', log, 'test'),
    async close() {
      await calls.close();
      await broker.close();
      await objects.close();
      await server.close();
      await place.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export type TestFiles = Awaited<ReturnType<typeof openTestFiles>>;
export type OpenFiles = (settings?: Partial<FilesSettings>) => Promise<TestFiles>;

const job = (type: string, processor = 'resize'): PlannedJob => ({ type, processor, options: {} });

/** Two jobs for an image, none for anything else; what is asked for is named by its processor. */
const CATALOG: ProcessingCatalog = {
  presetsFor: (contentType) => (contentType.startsWith('image/') ? [job('thumbnail', 'thumbnail'), job('small')] : []),
  plan(processor, options) {
    if (!/^[a-z]{1,50}$/.test(processor)) throw new HoldfastError('invalid_request', 'There is no such processor.');
    return { type: `${processor}-asked`, processor, options };
  },
};
