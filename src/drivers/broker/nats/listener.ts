import type { Running } from '../../../base/lifecycle.ts';
import type { Logger } from '../../../base/logger.ts';
import { parseMessage } from '../message.ts';
import type { BrokerMessage } from '../port.ts';
import type { Connection } from './connection.ts';

interface ListenerOptions {
  readonly connection: Connection;
  readonly topic: string;
  readonly handler: (message: BrokerMessage) => void;
  readonly log: Logger;
}

/** Resolves when the server knows of the listener. Throws what it refuses. */
export async function listen({ connection, topic, handler, log }: ListenerOptions): Promise<Running> {
  const { nats, stream } = connection;
  let refused: Error | undefined;
  const hear = (data: Uint8Array) => {
    const message = parseMessage(data);
    if (!message) return;
    try {
      handler(message);
    } catch (error) {
      log.error({ err: error, topic }, 'a listener failed');
    }
  };
  const subscription = nats.subscribe(stream.subject(topic), {
    callback: (error, message) => {
      if (error) refused = error;
      else hear(message.data);
    },
  });
  try {
    await connection.flush();
    if (refused) throw refused;
  } catch (error) {
    subscription.unsubscribe();
    throw error;
  }
  return { stop: async () => subscription.unsubscribe() };
}
