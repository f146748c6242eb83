import { backoff } from '../../../base/backoff.ts';
import type { Database } from '../../../drivers/database/port.ts';
import type { NotifierTables } from '../tables.ts';
import { asDeliveries, type DeliveryTable } from './enqueue.ts';
import type { DeliveryRow } from './row.ts';

/** How a delivery went. */
export type Outcome =
  | { readonly kind: 'sent' | 'obsolete' }
  | { readonly kind: 'permanent' | 'transient'; readonly reason: string }
  /** It was not tried: it goes back as it was. */
  | { readonly kind: 'handed back' };

export interface Retry {
  readonly retry: { readonly base: number; readonly max: number };
  readonly maxAttempts: number;
}

type Change = Partial<Pick<DeliveryRow, 'state' | 'due_at' | 'reason' | 'attempt'>>;

/** Writes down how it went; nothing where the lease is another's by now. Answers the state that it is in. */
export async function settle(
  db: Database<NotifierTables>,
  table: DeliveryTable,
  row: Pick<DeliveryRow, 'id' | 'attempt' | 'lease_token'>,
  outcome: Outcome,
  retry: Retry,
): Promise<DeliveryRow['state']> {
  const now = await db.now();
  const change = changeBy(outcome, row.attempt, retry, now);
  await db.unit((tx) =>
    asDeliveries(tx)
      .updateTable(table as 'deliveries')
      .set({ ...change, lease_token: null, updated_at: now })
      .where('id', '=', row.id)
      .where('state', '=', 'queued')
      .where('lease_token', '=', row.lease_token)
      .execute(),
  );
  return change.state ?? 'queued';
}

function changeBy(outcome: Outcome, attempt: number, { retry, maxAttempts }: Retry, now: number): Change {
  switch (outcome.kind) {
    case 'sent':
    case 'obsolete':
      return { state: outcome.kind, reason: null };
    case 'permanent':
      return { state: 'dead', reason: outcome.reason };
    case 'transient':
      if (attempt >= maxAttempts) return { state: 'dead', reason: `Tried ${attempt} times: ${outcome.reason}` };
      return { due_at: now + backoff(attempt, retry), reason: outcome.reason };
    case 'handed back':
      return { due_at: now, attempt: attempt - 1 };
  }
}
