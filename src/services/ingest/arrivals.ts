import { setTimeout as pause } from 'node:timers/promises';
import { backoff } from '../../base/backoff.ts';
import { serviceContext } from '../../base/context.ts';
import { toWord } from '../../base/enum-words.ts';
import { HoldfastError, toHoldfastError } from '../../base/errors.ts';
import { newId, timeOfId } from '../../base/ids.ts';
import { fileOfInboxKey } from '../../base/inbox-key.ts';
import type { Logger } from '../../base/logger.ts';
import { Slots } from '../../base/slots.ts';
import { ArrivalOutcome, type UploadServiceDefinition } from '../../contract/holdfast/internal/v1/upload.ts';
import type { Service } from '../../rpc/contract.ts';
import { countArrivals, type Fate } from './metrics.ts';

export interface ArrivalsDeps {
  readonly uploads: Pick<Service<UploadServiceDefinition>, 'confirmArrival'>;
  readonly log: Logger;
}

/** Confirms at a time: however many events come, files and the store are asked no faster than they answer. */
const CONCURRENCY = 8;

/** Milliseconds between tries, for `backoff`. */
const AGAIN = { base: 250, max: 10_000 };
/** Tries of what might be there in a moment, or go well the next time. */
const TRIES = 5;
/** Milliseconds: the row of an upload that was begun longer ago is not on its way any more. */
const RECENT = 5 * 60_000;

/** Confirms the uploads whose objects came. What it gives up, the janitor finds: events only make it quick. */
export class Arrivals {
  readonly #deps: ArrivalsDeps;
  readonly #slots = new Slots(CONCURRENCY);
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();
  #failing = false;

  constructor(deps: ArrivalsDeps) {
    this.#deps = deps;
  }

  /** Uploads that are being settled. */
  get pending(): number {
    return this.#underWay.size;
  }

  /**
   * Resolves when nothing is left to be done about a key, whatever it was. Rejects where it should be told again: for
   * `patience` milliseconds it could not be found out, or this is stopping. One that is told twice at a time is settled once.
   */
  settle(key: string, patience: number): Promise<void> {
    let settling = this.#underWay.get(key);
    if (!settling) {
      settling = this.#settle(key, patience).finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, settling);
    }
    return settling;
  }

  stop(): void {
    this.#stopping.abort();
  }

  async #settle(key: string, patience: number): Promise<void> {
    const fileId = fileOfInboxKey(key);
    const requestId = newId();
    const log = this.#deps.log.child({ request_id: requestId, file_id: fileId });
    const { signal } = this.#stopping;
    const deadline = performance.now() + patience;
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      const fate = await this.#slots
        .use(() => this.#try(key, serviceContext('ingest', log, requestId, signal)))
        .catch((error) => this.#judge(error, { attempt, deadline, log }));
      const mayBeOnItsWay = fate === 'unknown' && attempt < TRIES && isRecent(fileId);
      if (fate !== undefined && !mayBeOnItsWay) return countArrivals(fate);
      await pause(backoff(attempt, AGAIN), undefined, { signal });
    }
  }

  async #try(key: string, context: ReturnType<typeof serviceContext>): Promise<Fate> {
    context.signal.throwIfAborted();
    const { outcome, code } = await this.#deps.uploads.confirmArrival({ key }, context);
    if (this.#failing) this.#deps.log.info('uploads can be confirmed again');
    this.#failing = false;
    const fate = toWord(ArrivalOutcome, outcome);
    if (fate === 'refused') context.log.info({ code }, 'what came is not what was declared');
    else context.log.debug({ outcome: fate }, 'an object came');
    return fate;
  }

  /** Undefined where it is to be tried again. */
  #judge(
    thrown: unknown,
    { attempt, deadline, log }: { attempt: number; deadline: number; log: Logger },
  ): Fate | undefined {
    this.#stopping.signal.throwIfAborted();
    const error = toHoldfastError(thrown);
    if (error.meaning.retryable) {
      if (performance.now() >= deadline) throw error;
      if (error.code !== 'upload_busy' && !this.#failing) {
        log.warn({ err: error }, 'uploads cannot be confirmed just now; trying again');
        this.#failing = true;
      }
      return undefined;
    }
    if (attempt < TRIES) return undefined;
    log.error({ err: error.cause ?? error }, 'an upload could not be confirmed; the janitor will try');
    return 'failed';
  }
}

const isRecent = (fileId: string | undefined): boolean =>
  fileId !== undefined && Math.abs(Date.now() - timeOfId(fileId)) < RECENT;

/** What a sender hears whose events should come again. */
export const tellAgain = (cause?: unknown): HoldfastError =>
  new HoldfastError('unavailable', 'Not all of these events could be dealt with now. Send them again.', {
    retryAfter: 5,
    cause,
  });
