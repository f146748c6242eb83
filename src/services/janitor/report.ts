/** A kind of thing that a sweep came by. */
export interface Tally {
  count: number;
  bytes: number;
  /** The first few, to look at. */
  readonly examples: string[];
}

const EXAMPLES = 5;

export const emptyTally = (): Tally => ({ count: 0, bytes: 0, examples: [] });

export function add(tally: Tally, example: string, bytes = 0): void {
  tally.count++;
  tally.bytes += bytes;
  if (tally.examples.length < EXAMPLES) tally.examples.push(example);
}

/** What a sweep did or, on a dry run, would do. Plain data: it goes over the control socket as JSON. */
export interface SweepReport {
  readonly dryRun: boolean;
  readonly startedAt: string;
  /** Milliseconds. */
  durationMs: number;
  /** Uploads that nobody confirmed. On a dry run all of them are `found`: what becomes of them is seen by doing it. */
  readonly lostUploads: { readonly found: Tally; readonly confirmed: Tally; readonly expired: Tally };
  /** Files removed for good, by why. */
  readonly purged: {
    readonly trash: Tally;
    readonly expired: Tally;
    readonly deleted: Tally;
    readonly abandoned: Tally;
  };
  readonly orphans: {
    /** Objects in the store. */
    objects: number;
    /** Those that no row refers to; marked now, deleted once they have been marked for the grace period. */
    readonly unreferenced: Tally;
    readonly deleted: Tally;
    /** Why nothing was deleted though something was due. */
    stopped?: string;
  };
  /** Multipart uploads that no upload of ours knows any more, aborted. On a dry run at most 1,000. */
  readonly multipart: Tally;
  readonly records: { idempotencyKeys: number; events: number };
  /** Of accounts that were deleted: files marked for purging now, and accounts of which nothing is left. */
  readonly accounts: { files: number; forgotten: number };
  /** Of accounts: sessions, tokens, events and audit entries that are over. */
  readonly accountRecords: { sessions: number; tokens: number; events: number; audit: number };
  /** Items that could not be dealt with; each is in the log, and the next sweep tries again. */
  failures: number;
}

export const emptyReport = (dryRun: boolean): SweepReport => ({
  dryRun,
  startedAt: new Date().toISOString(),
  durationMs: 0,
  lostUploads: { found: emptyTally(), confirmed: emptyTally(), expired: emptyTally() },
  purged: { trash: emptyTally(), expired: emptyTally(), deleted: emptyTally(), abandoned: emptyTally() },
  orphans: { objects: 0, unreferenced: emptyTally(), deleted: emptyTally() },
  multipart: emptyTally(),
  records: { idempotencyKeys: 0, events: 0 },
  accounts: { files: 0, forgotten: 0 },
  accountRecords: { sessions: 0, tokens: 0, events: 0, audit: 0 },
  failures: 0,
});
