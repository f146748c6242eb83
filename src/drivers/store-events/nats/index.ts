import type { NatsConnection } from '@nats-io/transport-node';
import { isNobodyThere, lastingError, openError } from '../../broker/nats/errors.ts';
import { type Hearing, keepHearing } from '../kept-hearing.ts';
import { ofIngestUrl } from '../own-parameters.ts';
import type { OpenStoreEvents } from '../port.ts';
import { connectTo } from './connect.ts';
import { Pulling } from './pulling.ts';
import { openConsumer } from './stream.ts';
import { Subscribed } from './subscribed.ts';
import { FORM, type NatsEventsTarget, parseNatsTarget } from './target.ts';

/**
 * `nats://` and `tls://`: what an object store publishes to a subject of NATS 2.9 or later. With JetStream a stream keeps it
 * while nobody is here; without, it is heard as it comes. Several instances share the messages.
 */
export const openNatsEvents: OpenStoreEvents = async (url, { log }) => {
  let target = parseNatsTarget(url);
  return keepHearing({
    server: 'NATS',
    log,
    async hear(handler, lost) {
      const nats = await connectTo(target);
      void nats
        .closed()
        .then((error) => lost(error instanceof Error ? error : new Error('The connection was closed.')));
      try {
        return await start(nats);
      } catch (error) {
        await nats.close();
        throw error;
      }

      async function start(on: NatsConnection): Promise<Hearing> {
        if (!target.kept) return Subscribed.start({ nats: on, target, handler, lost, log });
        return new Pulling({ nats: on, consumer: await openConsumer(on, target), handler, lost, log });
      }
    },
    async examine() {
      const isKept = await examine(target).catch((error) => {
        throw ofIngestUrl(openError(error, target.server), FORM);
      });
      if (isKept || !target.kept) return;
      log.warn('NATS has no JetStream: what the object store says while nobody is here is left to the janitor');
      target = { ...target, kept: false };
    },
    explain(error) {
      const lasting = lastingError(error, target.server);
      return lasting && ofIngestUrl(lasting, FORM).message;
    },
  });
};

/** Whether messages are kept. Throws where the server cannot be used. */
async function examine(target: NatsEventsTarget): Promise<boolean> {
  const nats = await connectTo(target);
  try {
    if (target.kept) await openConsumer(nats, target);
    else await nats.flush();
    return target.kept;
  } catch (error) {
    if (isNobodyThere(error) || hasNoJetStream(error)) return false;
    throw error;
  } finally {
    await nats.close();
  }
}

/** The server has it, and not for this account (10039) or not enabled (10076). */
const hasNoJetStream = (error: unknown): boolean => [10039, 10076].includes((error as { code?: number }).code ?? 0);
