import { TOPICS } from '../../../drivers/broker/port.ts';
import type { FilesDeps } from '../deps.ts';

/** Tells processors that a file has due jobs, after the commit. Where the news is lost, dispatch sends it again. */
export function announceWork({ broker, log }: Pick<FilesDeps, 'broker' | 'log'>, fileId: string): void {
  broker.publish(TOPICS.work, { fileId }).catch((error) => log.warn({ err: error }, 'News of work was lost'));
}
