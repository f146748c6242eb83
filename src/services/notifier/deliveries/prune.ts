import { type Loop, startLoop } from '../../../base/lifecycle.ts';
import { logFailure } from '../../../base/log-failure.ts';
import type { NotifierDeps } from '../deps.ts';
import { asDeliveries, type DeliveryTable } from './enqueue.ts';

const HOUR = 3600_000;
const DAY = 24 * HOUR;
/** Milliseconds for which one can look what became of a delivery. */
const RETENTION = { sent: 7 * DAY, obsolete: 7 * DAY, dead: 30 * DAY } as const;
const BATCH = 500;

/** Removes what is over. */
export const startPruning = ({ db, log }: Pick<NotifierDeps, 'db' | 'log'>, name: DeliveryTable): Loop =>
  startLoop({
    every: HOUR,
    async round(signal) {
      const table = name as 'deliveries';
      const now = await db.now();
      for (const [state, kept] of Object.entries(RETENTION) as [keyof typeof RETENTION, number][]) {
        for (let pruned = BATCH; pruned === BATCH && !signal.aborted; ) {
          const rows = await asDeliveries(db.reader)
            .selectFrom(table)
            .select('id')
            .where('state', '=', state)
            .where('updated_at', '<', now - kept)
            .limit(BATCH)
            .execute();
          pruned = rows.length;
          const ids = rows.map(({ id }) => id);
          if (pruned > 0) await db.unit((tx) => asDeliveries(tx).deleteFrom(table).where('id', 'in', ids).execute());
        }
      }
    },
    onError: (error) => logFailure(log, error, 'Old deliveries could not be removed; trying again'),
  });
