import { lastingError, openError } from '../../broker/rabbitmq/errors.ts';
import { link } from '../../broker/rabbitmq/link.ts';
import { keepHearing } from '../kept-hearing.ts';
import { ofIngestUrl } from '../own-parameters.ts';
import type { OpenStoreEvents } from '../port.ts';
import { Hearing } from './hearing.ts';
import { makeQueue } from './queue.ts';
import { FORM, parseAmqpTarget } from './target.ts';

/**
 * `amqp://` and `amqps://`: what an object store publishes to an exchange of RabbitMQ 3.10 or later. A quorum queue keeps
 * it while nobody is here; several instances share the queue.
 */
export const openAmqpEvents: OpenStoreEvents = async (url, { log }) => {
  const target = parseAmqpTarget(url);
  return keepHearing({
    server: 'RabbitMQ',
    log,
    hear: (handler, lost) => Hearing.start({ target, handler, lost, log }),
    async examine() {
      try {
        const made = await link(target.server);
        try {
          await makeQueue(made.model, target);
        } finally {
          await made.end();
        }
      } catch (error) {
        throw ofIngestUrl(openError(error, target.server), FORM);
      }
    },
    explain(error) {
      const lasting = lastingError(error, target.server);
      return lasting && ofIngestUrl(lasting, FORM).message;
    },
  });
};
