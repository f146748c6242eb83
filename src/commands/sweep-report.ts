import type { SweepReport, Tally } from '../app/sweep.ts';
import { formatSize, plural } from '../base/units.ts';

/** A sweep's report for a person: what there was to do, or that there was nothing. */
export function describeSweep(report: SweepReport): string[] {
  const { dryRun, lostUploads, purged, orphans, multipart, records, accounts, accountRecords, failures } = report;
  const lines = [
    describe(lostUploads.found, 'unconfirmed upload', dryRun ? 'would be looked at' : 'looked at'),
    ...(dryRun
      ? []
      : [
          describe(lostUploads.confirmed, 'unconfirmed upload', 'confirmed'),
          describe(lostUploads.expired, 'unconfirmed upload', 'given up'),
        ]),
    describe(purged.trash, 'file', `from the trash ${done(dryRun, 'removed for good')}`),
    describe(purged.expired, 'expired file', done(dryRun, 'removed for good')),
    describe(purged.deleted, 'deleted file', done(dryRun, 'removed for good')),
    describe(purged.abandoned, 'abandoned upload', done(dryRun, 'removed for good')),
    describe(orphans.unreferenced, 'orphan object', done(dryRun, 'marked')),
    describe(orphans.deleted, 'orphan object', done(dryRun, 'deleted')),
    describe(multipart, 'forgotten multipart upload', done(dryRun, 'aborted')),
    countLine(accounts.files, 'file', `of deleted accounts ${done(dryRun, 'marked for removal')}`),
    countLine(accounts.forgotten, 'deleted account', 'of which nothing is left'),
    countLine(records.idempotencyKeys, 'old idempotency key', done(dryRun, 'removed')),
    countLine(records.events + accountRecords.events, 'old event', done(dryRun, 'removed')),
    countLine(accountRecords.sessions, 'ended session', done(dryRun, 'removed')),
    countLine(accountRecords.tokens, 'used or expired token', done(dryRun, 'removed')),
    countLine(accountRecords.audit, 'old audit entry', done(dryRun, 'removed')),
  ].filter((line) => line !== undefined);
  if (orphans.stopped !== undefined) lines.push(orphans.stopped);
  if (failures > 0) lines.push(`${plural(failures, 'thing')} failed; see the log. The next sweep tries again.`);
  const objects = `${plural(orphans.objects, 'object')} looked at in ${report.durationMs} ms.`;
  if (lines.length === 0) return [`Nothing to do: ${objects}`];
  return [...lines, ...(dryRun ? ['Nothing was changed: this was a dry run.'] : []), objects];
}

const done = (dryRun: boolean, what: string) => (dryRun ? `would be ${what}` : what);

const countLine = (count: number, what: string, outcome: string) =>
  count === 0 ? undefined : `${plural(count, what)} ${outcome}`;

function describe({ count, bytes, examples }: Tally, what: string, outcome: string): string | undefined {
  if (count === 0) return undefined;
  const size = bytes > 0 ? `, ${formatSize(bytes)}` : '';
  return `${plural(count, what)} ${outcome}${size}: ${examples.join(', ')}${count > examples.length ? ', …' : ''}`;
}
