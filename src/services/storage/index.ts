import type { StorageServiceDefinition } from '../../contract/holdfast/v1/storage.ts';
import type { Service } from '../../rpc/contract.ts';
import { deleteObjects } from './delete-objects.ts';
import type { StorageDeps } from './deps.ts';
import { inspectObject } from './inspect-object.ts';
import { listObjects } from './list-objects.ts';
import { abortMultipart, completeMultipart, createMultipart, listMultipart, listParts } from './multipart.ts';
import { signDownload, signParts, signUpload, signUploads } from './sign.ts';

/** What is done to objects without their bytes crossing a call, on whichever store there is. */
export function createStorageService(deps: StorageDeps): Service<StorageServiceDefinition> {
  return {
    signUpload: signUpload(deps),
    signUploads: signUploads(deps),
    createMultipart: createMultipart(deps),
    signParts: signParts(deps),
    listParts: listParts(deps),
    completeMultipart: completeMultipart(deps),
    abortMultipart: abortMultipart(deps),
    listMultipart: listMultipart(deps),
    inspectObject: inspectObject(deps),
    async moveObject({ from, to }) {
      await deps.objects.move(from, to);
      return {};
    },
    deleteObjects: deleteObjects(deps),
    listObjects: listObjects(deps),
    signDownload: signDownload(deps),
  };
}
