import type { Step } from './sweep.ts';

/** Old idempotency keys and events. */
export const pruneRecords: Step = async ({ maintenance, context, dryRun, report }) => {
  const { idempotencyKeys, events } = await maintenance.pruneRecords({ dryRun }, context);
  report.records.idempotencyKeys = idempotencyKeys;
  report.records.events = events;
};
