import { setTimeout as pause } from 'node:timers/promises';
import { meter } from '../../base/metrics.ts';
import { asDeliveries, type DeliveryTable } from './deliveries/enqueue.ts';
import type { NotifierDeps } from './deps.ts';

const deliveries = meter.createObservableGauge('notifier.deliveries', {
  description: 'Deliveries that wait (queued) and that were given up within 30 days (dead).',
});
const oldest = meter.createObservableGauge('notifier.deliveries.age', {
  unit: 's',
  description: 'How long the oldest delivery that waits is there.',
});

/** Milliseconds after which all other metrics are shown without these: of a database that is away they tell, too. */
const DEADLINE = 1_000;

/** Shows what waits, as the database has it when somebody asks. Answers how to stop that. */
export function showDeliveries({ db }: Pick<NotifierDeps, 'db'>, name: DeliveryTable): () => void {
  const table = name as string as 'deliveries';
  const look = async () => {
    const [states, now] = await Promise.all([
      asDeliveries(db.reader)
        .selectFrom(table)
        .select(({ fn }) => ['state', fn.countAll().as('count'), fn.min('created_at').as('since')])
        .where('state', 'in', ['queued', 'dead'])
        .groupBy('state')
        .execute(),
      db.now(),
    ]);
    return { found: new Map(states.map((row) => [row.state, row])), now };
  };
  const instruments = [deliveries, oldest];
  const callback: Parameters<typeof meter.addBatchObservableCallback>[0] = async (result) => {
    const seen = await Promise.race([look(), pause(DEADLINE, undefined, { ref: false })]).catch(() => undefined);
    if (!seen) return;
    const { found, now } = seen;
    for (const state of ['queued', 'dead'] as const) {
      result.observe(deliveries, Number(found.get(state)?.count ?? 0), { table: name, state });
    }
    const since = Number(found.get('queued')?.since ?? now);
    result.observe(oldest, Math.max(0, (now - since) / 1_000), { table: name });
  };
  meter.addBatchObservableCallback(callback, instruments);
  return () => meter.removeBatchObservableCallback(callback, instruments);
}
