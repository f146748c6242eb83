/**
 * What every kind of delivery has, whatever is delivered and to whom: a row that waits until it is due, is leased while
 * somebody delivers it, and ends as sent, dead or obsolete.
 */
export interface DeliveryRow {
  id: string;
  /** The event that it tells of, or the first of several: there is one delivery of each. */
  cause: string;
  /** `dead`: given up, with a reason. `obsolete`: there was nothing to tell any more when it was due. */
  state: 'queued' | 'sent' | 'dead' | 'obsolete';
  /** How often it was begun. */
  attempt: number;
  /** While it is leased, when the lease ends: then it is due again. */
  due_at: number;
  lease_token: string | null;
  /** For the operator: why it was not delivered the last time. */
  reason: string | null;
  created_at: number;
  updated_at: number;
}
