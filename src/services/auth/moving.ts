import type { MovingTables } from '../../base/moving-tables.ts';
import type { AuthTables } from './tables.ts';

/** What goes along when an installation moves. */
export const AUTH_MOVING: MovingTables<AuthTables> = {
  users: {
    columns: { id: 'key', email: 'value', name: 'value', password_hash: 'value', created_at: 'value' },
  },
};
