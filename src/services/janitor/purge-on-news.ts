import { serviceContext } from '../../base/context.ts';
import { newId } from '../../base/ids.ts';
import type { Running } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';
import { TOPICS } from '../../base/topics.ts';
import type { Broker } from '../../drivers/broker/port.ts';
import { type PurgeDeps, purgeFile } from './purge-file.ts';

interface NewsDeps extends PurgeDeps {
  readonly broker: Broker;
  readonly log: Logger;
}

/** Files purged at a time, beside what requests do. */
const CONCURRENCY = 2;

/** Purges a file as soon as it is said to be due, so that space is free before the next sweep. */
export const startPurgingOnNews = ({ broker, log, ...deps }: NewsDeps): Promise<Running> =>
  broker.consume(TOPICS.purge, { group: 'janitor', concurrency: CONCURRENCY }, async ({ fileId }, signal) => {
    if (typeof fileId !== 'string') return;
    const requestId = newId();
    const fileLog = log.child({ request_id: requestId, file_id: fileId });
    const purged = await purgeFile(deps, fileId, serviceContext('janitor', fileLog, requestId, signal));
    if (purged) fileLog.debug('purged');
  });
