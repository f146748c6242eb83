import type { Kysely } from 'kysely';
import { newId } from '../../../base/ids.ts';
import { preparedInsert } from '../../../base/prepared-query.ts';
import type { AuthTables } from '../tables.ts';

export type AccountEventType =
  | 'user.created'
  | 'user.disabled'
  | 'user.deleted'
  | 'password.changed'
  | 'password.reset_requested'
  | 'email.verification_requested'
  /** Somebody signed up with the e-mail of an account that is there. */
  | 'sign_up.repeated'
  | 'session.stolen'
  | 'identity.linked'
  | 'identity.unlinked';

const VERSION = 1;

const insert = preparedInsert<AuthTables, 'auth_outbox'>('auth_outbox');

/** Writes what happened to an account into the outbox, in the unit of work that made it happen. `data` holds no secret. */
export const appendEvent = (
  tx: Kysely<AuthTables>,
  userId: string,
  type: AccountEventType,
  data: Readonly<Record<string, unknown>>,
  now: number,
): Promise<void> =>
  insert(tx, {
    id: newId(),
    position: null,
    type,
    version: VERSION,
    user_id: userId,
    data: JSON.stringify(data),
    created_at: now,
  });
