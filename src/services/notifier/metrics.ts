import { meter } from '../../base/metrics.ts';
import { asDeliveries, type DeliveryTable } from './deliveries/enqueue.ts';
import type { NotifierDeps } from './deps.ts';

const deliveries = meter.createObservableGauge('notifier.deliveries', {
  description: 'Deliveries that wait (queued) and that were given up within 30 days (dead).',
});
const oldest = meter.createObservableGauge('notifier.deliveries.age', {
  unit: 's',
  description: 'How long the oldest delivery that waits has been due.',
});

/** Shows what waits, as the database has it when somebody asks. Answers how to stop that. */
export function showDeliveries({ db }: Pick<NotifierDeps, 'db'>, table: DeliveryTable): () => void {
  const look = async () => {
    const [states, waiting, now] = await Promise.all([
      asDeliveries(db.reader)
        .selectFrom(table as 'deliveries')
        .select(({ fn }) => ['state', fn.countAll().as('count')])
        .where('state', 'in', ['queued', 'dead'])
        .groupBy('state')
        .execute(),
      asDeliveries(db.reader)
        .selectFrom(table as 'deliveries')
        .select(({ fn }) => fn.min('created_at').as('since'))
        .where('state', '=', 'queued')
        .executeTakeFirst(),
      db.now(),
    ]);
    const counts = new Map(states.map(({ state, count }) => [state, Number(count)]));
    const since = waiting?.since ?? null;
    return { counts, age: since === null ? 0 : Math.max(0, (now - Number(since)) / 1000) };
  };
  const callback: Parameters<typeof deliveries.addCallback>[0] = async (result) => {
    const { counts } = await look();
    for (const state of ['queued', 'dead'] as const) result.observe(counts.get(state) ?? 0, { table, state });
  };
  const ageCallback: typeof callback = async (result) => result.observe((await look()).age, { table });
  deliveries.addCallback(callback);
  oldest.addCallback(ageCallback);
  return () => {
    deliveries.removeCallback(callback);
    oldest.removeCallback(ageCallback);
  };
}
