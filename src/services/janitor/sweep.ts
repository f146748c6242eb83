import type { CallContext } from '../../base/context.ts';
import type { Logger } from '../../base/logger.ts';
import type { AccountMaintenanceServiceDefinition } from '../../contract/holdfast/internal/v1/account.ts';
import type { MaintenanceServiceDefinition } from '../../contract/holdfast/internal/v1/maintenance.ts';
import type { StorageServiceDefinition } from '../../contract/holdfast/v1/storage.ts';
import type { Service } from '../../rpc/contract.ts';
import type { SweepReport } from './report.ts';

/** One sweep under way: what each step is handed. */
export interface Sweep {
  readonly maintenance: Service<MaintenanceServiceDefinition>;
  readonly accounts: Service<AccountMaintenanceServiceDefinition>;
  readonly storage: Service<StorageServiceDefinition>;
  readonly context: CallContext;
  readonly dryRun: boolean;
  /** Deletes orphans however many they are. */
  readonly allOrphans: boolean;
  /** Milliseconds. */
  readonly uploadExpiry: number;
  readonly report: SweepReport;
  readonly log: Logger;
}

export type Step = (sweep: Sweep) => Promise<void>;
