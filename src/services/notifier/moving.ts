import type { MovingTables } from '../../base/moving-tables.ts';
import type { NotifierTables } from './tables.ts';

/** What goes along when an installation moves. */
export const NOTIFIER_MOVING: MovingTables<NotifierTables> = {
  cursors: { columns: { name: 'key', position: 'value' } },
  mail_deliveries: {
    columns: {
      id: 'key',
      cause: 'value',
      kind: 'value',
      user_id: 'value',
      data: 'value',
      state: 'value',
      attempt: 'value',
      due_at: 'value',
      lease_token: 'value',
      reason: 'value',
      created_at: 'value',
      updated_at: 'value',
    },
  },
  notifier_leases: { stays: 'Its instances hold them.' },
};
