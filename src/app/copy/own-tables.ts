import type { Database } from '../../drivers/database/port.ts';

/** What a copy keeps for itself, in the database that it reads and in the one that it writes. */
export interface CopyTables {
  copy_freeze: CopyFreezeTable;
  copy_target: CopyTargetTable;
  copy_objects: CopyObjectsTable;
}

/** In the database that is copied: one row, as long as it is frozen or has moved. */
interface CopyFreezeTable {
  name: 'freeze';
  copy_id: string;
  /** Milliseconds since 1970, UTC. Writers are refused until then. */
  frozen_until: number;
  /** Set when the copy was complete: this is no longer the place to write to. */
  moved_at: number | null;
}

/** In the database that is the copy: one row. */
interface CopyTargetTable {
  name: 'target';
  copy_id: string;
  /** The installation that is copied. */
  installation: string;
  /** The process that copies now: one that was thought to be gone writes no more. */
  run_id: string;
  began_at: number;
  /** Null: half a copy, on which no server may start. */
  completed_at: number | null;
}

/** In the database that is the copy, until it is complete: objects that stand in its store and were read back. */
interface CopyObjectsTable {
  object_key: string;
  sha256: string;
}

export type CopyDatabase = Database<CopyTables>;
