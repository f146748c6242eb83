import { setTimeout as sleep } from 'node:timers/promises';
import { serviceContext } from '../../base/context.ts';
import { newId } from '../../base/ids.ts';
import { type Running, startLoop } from '../../base/lifecycle.ts';
import { logFailure } from '../../base/log-failure.ts';
import type { Logger } from '../../base/logger.ts';
import type { AccountMaintenanceServiceDefinition } from '../../contract/holdfast/internal/v1/account.ts';
import type { MaintenanceServiceDefinition } from '../../contract/holdfast/internal/v1/maintenance.ts';
import type { StorageServiceDefinition } from '../../contract/holdfast/v1/storage.ts';
import type { Broker } from '../../drivers/broker/port.ts';
import type { Service } from '../../rpc/contract.ts';
import { abortMultipart } from './abort-multipart.ts';
import { deleteFilesOfAccounts, pruneAccounts } from './accounts.ts';
import { startDeletingFilesOnNews } from './delete-files-on-news.ts';
import { pruneRecords } from './prune-records.ts';
import { purge } from './purge.ts';
import { startPurgingOnNews } from './purge-on-news.ts';
import { emptyReport, type SweepReport } from './report.ts';
import { settleLostUploads } from './settle-lost-uploads.ts';
import type { Step, Sweep } from './sweep.ts';
import { sweepOrphans } from './sweep-orphans.ts';

export type { SweepReport, Tally } from './report.ts';

export interface JanitorSettings {
  /** Milliseconds between sweeps. */
  readonly interval: number;
  /** Milliseconds that an upload may take. */
  readonly uploadExpiry: number;
}

export interface JanitorDeps {
  readonly maintenance: Service<MaintenanceServiceDefinition>;
  readonly accounts: Service<AccountMaintenanceServiceDefinition>;
  readonly storage: Service<StorageServiceDefinition>;
  readonly broker: Broker;
  readonly settings: JanitorSettings;
  readonly log: Logger;
}

export interface SweepOptions {
  /** Changes nothing, and reports what would be done. */
  readonly dryRun: boolean;
  /** Deletes orphan objects even where there are suspiciously many. */
  readonly allOrphans?: boolean;
  readonly signal: AbortSignal;
}

export interface Janitor {
  /** Sweeps once; where a sweep is under way, after it. Throws only the signal's reason: what failed is in the report. */
  sweep(options: SweepOptions): Promise<SweepReport>;
  /** Sweeps on schedule, and does at once what it hears of: purges files, and deletes those of accounts that are gone. */
  start(): Promise<Running>;
}

/** Files of accounts that are gone are purged in the same sweep. Lost uploads go before purging, because those given up are purged; purging before orphans, so that it makes fewer. */
const STEPS: Readonly<Record<string, Step>> = {
  deleteFilesOfAccounts,
  settleLostUploads,
  purge,
  sweepOrphans,
  abortMultipart,
  pruneRecords,
  pruneAccounts,
};

/** At most this share of the interval is left to chance, so that several janitors do not come together. */
const JITTER = 0.1;
const LONGEST_JITTER = 60_000;
/** What a timer can wait: beyond 2^31 ms it would fire at once. */
const LONGEST_WAIT = 2 ** 31 - 1;

/** Tidies up. It owns nothing and may be stopped at any point: the next sweep goes on where this one ended. */
export function createJanitor({ maintenance, accounts, storage, broker, settings, log }: JanitorDeps): Janitor {
  let last: Promise<unknown> = Promise.resolve();

  async function sweepNow({ dryRun, allOrphans = false, signal }: SweepOptions): Promise<SweepReport> {
    signal.throwIfAborted();
    const started = performance.now();
    const requestId = newId();
    const sweepLog = log.child({ request_id: requestId });
    const report = emptyReport(dryRun);
    const context = serviceContext('janitor', sweepLog, requestId, signal);
    const { uploadExpiry } = settings;
    const sweep: Sweep = {
      maintenance,
      accounts,
      storage,
      context,
      dryRun,
      allOrphans,
      uploadExpiry,
      report,
      log: sweepLog,
    };
    for (const [name, step] of Object.entries(STEPS)) {
      try {
        await step(sweep);
      } catch (error) {
        signal.throwIfAborted();
        report.failures++;
        logFailure(sweepLog.child({ step: name }), error, 'a step of the sweep failed; the next sweep tries again');
      }
    }
    report.durationMs = Math.round(performance.now() - started);
    sweepLog.info({ duration: report.durationMs, ...summary(report) }, dryRun ? 'sweep tried out' : 'swept');
    return report;
  }

  function sweep(options: SweepOptions): Promise<SweepReport> {
    const turn = last.then(() => sweepNow(options));
    last = turn.catch(() => {});
    return turn;
  }

  return {
    sweep,
    async start() {
      const news = await Promise.all([
        startPurgingOnNews({ maintenance, storage, broker, log }),
        startDeletingFilesOnNews({ accounts, maintenance, broker, log }),
      ]);
      const schedule = startLoop({
        every: Math.min(settings.interval, LONGEST_WAIT),
        async round(signal) {
          const jitter = Math.min(settings.interval * JITTER, LONGEST_JITTER) * Math.random();
          await sleep(jitter, undefined, { signal, ref: false });
          await sweep({ dryRun: false, signal });
        },
        onError: (error) => logFailure(log, error, 'the sweep failed'),
      });
      return {
        async stop() {
          await Promise.all([...news, schedule].map((running) => running.stop()));
        },
      };
    },
  };
}

const summary = ({ purged, lostUploads, orphans, multipart, records, failures }: SweepReport) => ({
  purged: Object.values(purged).reduce((sum, { count }) => sum + count, 0),
  confirmed: lostUploads.confirmed.count,
  given_up: lostUploads.expired.count,
  orphans_marked: orphans.unreferenced.count,
  orphans_deleted: orphans.deleted.count,
  multipart_aborted: multipart.count,
  idempotency_keys: records.idempotencyKeys,
  events: records.events,
  failures,
});
