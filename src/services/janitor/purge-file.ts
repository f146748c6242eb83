import type { CallContext } from '../../base/context.ts';
import type { MaintenanceServiceDefinition } from '../../contract/holdfast/internal/v1/maintenance.ts';
import type { StorageServiceDefinition } from '../../contract/holdfast/v1/storage.ts';
import type { Service } from '../../rpc/contract.ts';

export interface PurgeDeps {
  readonly maintenance: Service<MaintenanceServiceDefinition>;
  readonly storage: Service<StorageServiceDefinition>;
}

/**
 * Removes a file for good: its objects first, and its rows only when the objects are gone. False where it is not up
 * for purging (any more). Safe to repeat after a stop at any point.
 */
export async function purgeFile(
  { maintenance, storage }: PurgeDeps,
  fileId: string,
  context: CallContext,
): Promise<boolean> {
  const { begun, keys, prefixes, multipartKey, multipartId } = await maintenance.beginPurge({ fileId }, context);
  if (!begun) return false;
  if (multipartKey !== undefined && multipartId !== undefined) {
    await storage.abortMultipart({ key: multipartKey, multipartId }, context);
  }
  await storage.deleteObjects({ keys, prefixes }, context);
  await maintenance.finishPurge({ fileId }, context);
  return true;
}
