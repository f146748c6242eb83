import type { Loop } from '../../../base/lifecycle.ts';
import { TOPICS } from '../../../base/topics.ts';
import type { Broker } from '../../../drivers/broker/port.ts';
import { relayOutbox } from '../../../outbox/relay.ts';
import type { AuthDeps } from '../deps.ts';

/** Numbers the events of accounts, and tells of them. */
export const startRelay = ({ db, broker, log }: Pick<AuthDeps, 'db' | 'log'> & { readonly broker: Broker }): Loop =>
  relayOutbox({
    db,
    broker,
    log,
    outbox: 'auth_outbox',
    leases: 'auth_leases',
    topic: TOPICS.accounts,
    newsOf: ({ user_id }) => ({ userId: user_id }),
  });
