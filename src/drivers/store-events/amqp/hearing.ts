import { setTimeout as pause } from 'node:timers/promises';
import type { Channel, ConsumeMessage } from 'amqplib';
import { withDeadline } from '../../../base/deadline.ts';
import type { Logger } from '../../../base/logger.ts';
import { openChannel } from '../../broker/rabbitmq/channel.ts';
import { type Link, link } from '../../broker/rabbitmq/link.ts';
import { AGAIN_AFTER, AT_ONCE } from '../port.ts';
import { makeQueue } from './queue.ts';
import type { AmqpTarget } from './target.ts';

/** Milliseconds. */
const SET_UP_DEADLINE = 10_000;
const CANCEL_DEADLINE = 2_000;
const CLOSE_DEADLINE = 2_000;

interface HearingOptions {
  readonly target: AmqpTarget;
  readonly handler: (body: Uint8Array) => Promise<void>;
  readonly lost: (error: Error) => void;
  readonly log: Logger;
}

/** A connection that hears, as long as it stands: the server sends no more than may be handled at a time (prefetch). */
export class Hearing {
  readonly #link: Link;
  readonly #options: HearingOptions;
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #consumer: { readonly channel: Channel; readonly tag: string } | undefined;

  static async start(options: HearingOptions): Promise<Hearing> {
    const hearing = new Hearing(await link(options.target.server), options);
    try {
      await withDeadline(SET_UP_DEADLINE, hearing.#setUp());
      return hearing;
    } catch (error) {
      await hearing.end();
      throw error;
    }
  }

  private constructor(made: Link, options: HearingOptions) {
    this.#link = made;
    this.#options = options;
    made.model.on('close', (error?: Error) => options.lost(error ?? new Error('The server closed the connection.')));
  }

  async #setUp(): Promise<void> {
    const { target, lost } = this.#options;
    const { model } = this.#link;
    await makeQueue(model, target);
    await openChannel(
      model.createChannel(),
      async (channel) => {
        await channel.prefetch(AT_ONCE);
        const { consumerTag: tag } = await channel.consume(target.queue, (message) => {
          if (message) this.#begin(channel, message);
          else lost(new Error('Somebody has deleted the queue.'));
        });
        channel.on('close', () => lost(new Error('The server closed the channel.')));
        this.#consumer = { channel, tag };
      },
      lost,
    );
  }

  /** Asks the server whether the queue is there. */
  async probe(): Promise<void> {
    if (!this.#consumer) throw new Error('There is no connection.');
    await this.#consumer.channel.checkQueue(this.#options.target.queue);
  }

  /** Takes no more, and resolves when what runs has ended and is settled. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const consumer = this.#consumer;
    if (consumer) await withDeadline(CANCEL_DEADLINE, consumer.channel.cancel(consumer.tag)).catch(() => undefined);
    await Promise.all(this.#running);
    // What is settled on a channel may come after the end of its connection.
    if (consumer) {
      const closing = Promise.try(() => consumer.channel.close());
      await withDeadline(CLOSE_DEADLINE, closing).catch(() => undefined);
    }
    await this.#link.end();
  }

  /** For a connection that is gone, or not wanted any more. What was not settled the server gives to others. */
  async end(): Promise<void> {
    this.#stopping.abort();
    await this.#link.end();
  }

  #begin(channel: Channel, message: ConsumeMessage): void {
    const handling = this.#handle(channel, message).finally(() => this.#running.delete(handling));
    this.#running.add(handling);
  }

  async #handle(channel: Channel, message: ConsumeMessage): Promise<void> {
    const { handler, log } = this.#options;
    const { signal } = this.#stopping;
    try {
      if (signal.aborted) return onOpen(() => channel.nack(message));
      await handler(message.content);
      onOpen(() => channel.ack(message));
    } catch (error) {
      if (!signal.aborted) {
        log.warn({ err: error }, 'a message of the object store could not be dealt with and will come again');
        await pause(AGAIN_AFTER, undefined, { signal }).catch(() => undefined);
      }
      onOpen(() => channel.nack(message));
    }
  }
}

/** On a channel that is closed nothing can be settled, nor need it: the server has taken the messages back. */
function onOpen(settle: () => void): void {
  try {
    settle();
  } catch {
    // As said.
  }
}
