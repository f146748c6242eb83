import type { Running } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';
import type { StoreEvents } from '../../drivers/store-events/port.ts';
import { Arrivals, type ArrivalsDeps } from './arrivals.ts';
import type { EventPlace } from './inbox-keys.ts';
import { createIntake } from './intake.ts';
import { createWebhook, type Webhook } from './webhook.ts';

export type { EventPlace } from './inbox-keys.ts';

export interface IngestDeps {
  readonly uploads: ArrivalsDeps['uploads'];
  readonly place: EventPlace;
  /** Opened; who opened them closes them. */
  readonly sources: readonly StoreEvents[];
  /** Of the webhook; undefined: there is none. */
  readonly secret: string | undefined;
  readonly log: Logger;
}

export interface Ingest {
  /** Takes messages until it is stopped. What is not settled then is told again by whoever told it. */
  start(): Promise<Running>;
  /** To be registered on an HTTP server, in a scope of its own. It may be served before `start` and after `stop`. */
  readonly webhook: Webhook | undefined;
  /** Resolves where every source can be heard. */
  probe(signal: AbortSignal): Promise<void>;
}

/** Milliseconds. */
interface Patience {
  /** For which a message is held while uploads cannot be confirmed; then its server has it again. */
  readonly message: number;
  /** Until the sender of a webhook is answered. What was begun goes on, and is done when the sender tells it again. */
  readonly webhook: number;
}

const PATIENCE: Patience = { message: 10 * 60_000, webhook: 20_000 };

/** Hears from the object store which objects came, and has their uploads confirmed. It owns nothing. */
export function createIngest(
  { uploads, place, sources, secret, log }: IngestDeps,
  patience: Patience = PATIENCE,
): Ingest {
  const arrivals = new Arrivals({ uploads, log });
  const intake = createIntake(arrivals, place);

  const take = async (body: Uint8Array): Promise<void> => {
    const keys = intake.read(body);
    if (!keys) log.warn({ bytes: body.length }, 'a message is no notification of an object store and was passed over');
    else await intake.settle(keys, patience.message);
  };

  return {
    async start() {
      const running: Running[] = [];
      const stop = async () => {
        arrivals.stop();
        await Promise.all(running.map((one) => one.stop()));
      };
      try {
        for (const source of sources) running.push(await source.consume(take));
      } catch (error) {
        await stop();
        throw error;
      }
      return { stop };
    },
    webhook: secret === undefined ? undefined : createWebhook({ intake, secret, answerWithin: patience.webhook, log }),
    async probe(signal) {
      await Promise.all(sources.map((source) => source.probe(signal)));
    },
  };
}
