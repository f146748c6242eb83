import type { Logger } from '../../base/logger.ts';
import type { WorkServiceDefinition } from '../../contract/holdfast/internal/v1/work.ts';
import type { Broker } from '../../drivers/broker/port.ts';
import type { ObjectStore } from '../../drivers/objects/port.ts';
import type { Service } from '../../rpc/contract.ts';

export interface ProcessorSettings {
  /** Files worked on at a time. Child processes are no more than these, and no more than there are cores. */
  readonly concurrency: number;
  /** Milliseconds that a job may take. */
  readonly jobTimeout: number;
  /** Bytes of resident memory that a child may have. */
  readonly jobMemory: number;
  /** Images with more pixels are not decoded. */
  readonly maxPixels: number;
  /** A folder of this process alone, on a local disk. It is made, and emptied at the start. */
  readonly scratchDir: string;
}

export interface StopOptions {
  /** Milliseconds that stopping may take: work that does not end in time is handed back before they are over. */
  readonly stopWithin: number;
}

export interface ProcessorDeps {
  readonly work: Service<WorkServiceDefinition>;
  readonly objects: ObjectStore;
  readonly broker: Broker;
  readonly settings: ProcessorSettings;
  readonly log: Logger;
}
