import type { Loop } from '../../../base/lifecycle.ts';
import { TOPICS } from '../../../base/topics.ts';
import { relayOutbox } from '../../../outbox/relay.ts';
import type { FilesDeps } from '../deps.ts';

/** Numbers the events of files, and tells of them. */
export const startRelay = ({ db, broker, log }: Pick<FilesDeps, 'db' | 'broker' | 'log'>): Loop =>
  relayOutbox({
    db,
    broker,
    log,
    outbox: 'files_outbox',
    leases: 'files_leases',
    topic: TOPICS.events,
    newsOf: ({ file_id, owner_id, sequence }) => ({ fileId: file_id, ownerId: owner_id, sequence }),
  });
