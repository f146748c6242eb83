import { backoff } from '../../../base/backoff.ts';
import { serviceContext } from '../../../base/context.ts';
import { hasCode } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import type { Logger } from '../../../base/logger.ts';
import type { AuditServiceDefinition, RecordAuditRequest } from '../../../contract/holdfast/internal/v1/account.ts';
import type { Service } from '../../../rpc/contract.ts';

/** Entries that wait while the audit trail cannot be reached. What comes when there is no more room is in the log alone. */
const ROOM = 10_000;
/** Entries that one call writes. */
const BATCH = 500;
/** Milliseconds until it is tried again. */
const WAIT = { base: 1_000, max: 30_000 };

interface Waiting {
  readonly entry: RecordAuditRequest;
  readonly tried: () => void;
}

/**
 * Writes entries to the audit trail, which another service keeps: what comes while a call is under way goes along with the
 * next one, all together. What cannot be written now is tried again.
 */
export class AuditTrail {
  readonly #audit: Service<AuditServiceDefinition>;
  readonly #log: Logger;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #failures = 0;
  #later: NodeJS.Timeout | undefined;

  constructor(audit: Service<AuditServiceDefinition>, log: Logger) {
    this.#audit = audit;
    this.#log = log;
  }

  /** Resolves when it is written, or has to wait because that failed: nobody should be kept waiting for the trail. */
  note(entry: RecordAuditRequest): Promise<void> {
    if (this.#waiting.length >= ROOM) {
      this.#log.error({ entry }, 'an entry of the audit trail could not be written');
      return Promise.resolve();
    }
    const { promise, resolve: tried } = Promise.withResolvers<void>();
    this.#waiting.push({ entry, tried });
    if (this.#later) tried();
    else this.#writing ??= this.#write();
    return promise;
  }

  /** Writes what waits, once. Entries that are left are in the log. */
  async stop(): Promise<void> {
    await this.#writing;
    clearTimeout(this.#later);
    await this.#write();
    clearTimeout(this.#later);
    for (const { entry } of this.#waiting) {
      this.#log.error({ entry }, 'an entry of the audit trail could not be written');
    }
    this.#waiting = [];
  }

  async #write(): Promise<void> {
    this.#later = undefined;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, BATCH);
      const entries = batch.map(({ entry }) => entry);
      try {
        await this.#audit.recordAuditEntries({ entries }, serviceContext('files', this.#log, newId()));
        this.#failures = 0;
      } catch (error) {
        if (!hasCode(error, 'invalid_request')) {
          this.#tryLater(error);
          break;
        }
        this.#log.error({ err: error, entries }, 'entries of the audit trail were refused');
      }
      this.#waiting.splice(0, batch.length);
      for (const { tried } of batch) tried();
    }
    this.#writing = undefined;
  }

  #tryLater(error: unknown): void {
    this.#failures += 1;
    const waiting = this.#waiting.length;
    this.#log.warn({ err: error, waiting }, 'the audit trail cannot be written just now');
    for (const { tried } of this.#waiting) tried();
    this.#later = setTimeout(
      () => {
        this.#writing = this.#write();
      },
      backoff(this.#failures, WAIT),
    ).unref();
  }
}
