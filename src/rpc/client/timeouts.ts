import { MaintenanceServiceDefinition } from '../../contract/holdfast/internal/v1/maintenance.ts';
import { UploadServiceDefinition } from '../../contract/holdfast/internal/v1/upload.ts';
import { FileServiceDefinition } from '../../contract/holdfast/v1/file.ts';
import { StorageServiceDefinition } from '../../contract/holdfast/v1/storage.ts';
import { pathOf } from '../contract.ts';

/** Milliseconds that an answer may take where the caller does not say. */
const TIMEOUT = 30_000;

/** For what reads, copies or deletes objects, which may be large or many. */
const LONG_TIMEOUT = 600_000;
const LONG: ReadonlySet<string> = new Set([
  pathOf(FileServiceDefinition, 'confirmUpload'),
  pathOf(MaintenanceServiceDefinition, 'settleLostUpload'),
  pathOf(UploadServiceDefinition, 'confirmArrival'),
  pathOf(StorageServiceDefinition, 'inspectObject'),
  pathOf(StorageServiceDefinition, 'moveObject'),
  pathOf(StorageServiceDefinition, 'completeMultipart'),
  pathOf(StorageServiceDefinition, 'deleteObjects'),
]);

export const timeoutOf = (path: string): number => (LONG.has(path) ? LONG_TIMEOUT : TIMEOUT);
