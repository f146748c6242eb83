import { HoldfastError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { StorageServiceDefinition } from '../../contract/holdfast/v1/storage.ts';
import type { ObjectStore } from '../../drivers/objects/port.ts';
import type { Service } from '../../rpc/contract.ts';

export interface StorageDeps {
  readonly objects: ObjectStore;
  readonly log: Logger;
}

/** One call of the contract, given what the service stands on. */
export type StorageVerb<M extends keyof Service<StorageServiceDefinition>> = (
  deps: StorageDeps,
) => Service<StorageServiceDefinition>[M];

/** Throws `invalid_request` where a field that a call cannot do without is absent. */
export function required<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new HoldfastError('invalid_request', `${field} is missing.`);
  return value;
}
