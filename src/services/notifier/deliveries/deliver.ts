import { type CallContext, serviceContext } from '../../../base/context.ts';
import { toHoldfastError } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import { type Loop, startLoop } from '../../../base/lifecycle.ts';
import { linger } from '../../../base/linger.ts';
import { logFailure } from '../../../base/log-failure.ts';
import type { Logger } from '../../../base/logger.ts';
import type { Database } from '../../../drivers/database/port.ts';
import type { NotifierTables } from '../tables.ts';
import { type Claimed, claimDue } from './claim.ts';
import type { DeliveryTable } from './enqueue.ts';
import { type Outcome, type Retry, settle } from './settle.ts';

/** A way to deliver: what stands in its table, and how one row of it gets where it belongs. */
export interface Channel<Table extends DeliveryTable> {
  readonly table: Table;
  /** Throws what is worth another try. */
  deliver(row: Claimed<Table>, context: CallContext): Promise<Outcome>;
}

interface DeliverDeps {
  readonly db: Database<NotifierTables>;
  readonly retry: Retry;
  /** Milliseconds between looks for what is due. */
  readonly every: number;
  readonly log: Logger;
}

const AT_ONCE = 8;
/** Milliseconds: longer than the slowest server may take for what is sent at once. */
const LEASE = 2 * 60_000;
/** Milliseconds that deliveries under way get when it stops: one that is cut off may arrive, and then comes twice. */
const GRACE = 5_000;

/**
 * Delivers what is due, by any number of instances. A delivery is written down as sent after it was: killed between, it
 * goes out again; it is never lost.
 */
export function startDelivering<Table extends DeliveryTable>(
  { db, retry, every, log }: DeliverDeps,
  channel: Channel<Table>,
): Loop {
  async function deliverOne(row: Claimed<Table>, signal: AbortSignal): Promise<void> {
    const requestId = newId();
    const own = log.child({ request_id: requestId, delivery_id: row.id, kind: row.kind, user_id: row.user_id });
    const outcome = await channel
      .deliver(row, serviceContext('notifier', own, requestId, signal))
      .catch((error): Outcome => {
        if (signal.aborted) return { kind: 'handed back' };
        const { code, detail } = toHoldfastError(error);
        if (code === 'internal') own.error({ err: error }, 'a delivery failed');
        return { kind: 'transient', reason: detail };
      });
    const state = await settle(db, channel.table, row, outcome, retry);
    const { attempt } = row;
    if (state === 'dead') own.error({ attempt, reason: reasonOf(outcome) }, 'a delivery was given up');
    else if (outcome.kind === 'transient') own.debug({ attempt, reason: outcome.reason }, 'a delivery waits');
    else own.debug({ attempt, outcome: outcome.kind }, 'a delivery ended');
  }

  return startLoop({
    every,
    async round(stopping) {
      using lingering = linger(stopping, GRACE);
      for (let taken = AT_ONCE; taken === AT_ONCE && !stopping.aborted; ) {
        const rows = await claimDue(db, channel.table, { limit: AT_ONCE, lease: LEASE });
        taken = rows.length;
        const ended = await Promise.allSettled(rows.map((row) => deliverOne(row, lingering.signal)));
        for (const { reason } of ended.filter((one) => one.status === 'rejected')) throw reason;
      }
    },
    onError: (error) => logFailure(log, error, 'Deliveries could not be made; trying again'),
  });
}

const reasonOf = (outcome: Outcome): string | undefined => ('reason' in outcome ? outcome.reason : undefined);
