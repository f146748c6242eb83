import { hasCode } from '../../../base/errors.ts';
import { TOPICS } from '../../../base/topics.ts';
import type { BrokerMessage } from '../../../drivers/broker/port.ts';
import type { FilesDeps } from '../deps.ts';

/** Tells processors that a file has due jobs, after the commit. Where the news is lost, dispatch sends it again. */
export function announceWork(deps: Pick<FilesDeps, 'broker' | 'log'>, fileId: string): void {
  announce(deps, TOPICS.work, { fileId });
}

/** Sends news that may be lost. That a broker is away, its driver has said once; here it would be said for each upload. */
export function announce({ broker, log }: Pick<FilesDeps, 'broker' | 'log'>, topic: string, news: BrokerMessage): void {
  broker.publish(topic, news).catch((error) => {
    if (hasCode(error, 'unavailable')) log.debug({ topic }, 'news was lost: the broker is away');
    else log.warn({ err: error, topic }, 'news was lost');
  });
}
