import type { ChannelModel, ConfirmChannel, ConsumeMessage } from 'amqplib';
import { backoff } from '../../../base/backoff.ts';
import { withDeadline } from '../../../base/deadline.ts';
import type { Running } from '../../../base/lifecycle.ts';
import type { Logger } from '../../../base/logger.ts';
import { parseMessage } from '../message.ts';
import { type ConsumeOptions, MAX_ATTEMPTS, type MessageHandler, RETRY } from '../port.ts';
import { openChannel } from './channel.ts';
import type { Connection, Part } from './connection.ts';
import { confirmed } from './publisher.ts';
import { assertGroup, assertRetries, queueOf } from './queues.ts';

/** Milliseconds. */
const SETTLE_DEADLINE = 3_000;
const STOP_DEADLINE = 2_000;
/** Header: which try of the message this is, from 1. Absent: the first. */
const ATTEMPT = 'x-holdfast-attempt';

interface ConsumerOptions extends ConsumeOptions {
  readonly connection: Connection;
  readonly prefix: string;
  readonly topic: string;
  readonly handler: MessageHandler;
  readonly log: Logger;
}

/** Has as many messages as handlers may run: the server sends no more before one is settled (prefetch). */
export class Consumer implements Running, Part {
  readonly #options: ConsumerOptions;
  readonly #queue: string;
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #current: { readonly channel: ConfirmChannel; readonly tag: string } | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#queue = queueOf(options.prefix, options.topic, options.group);
  }

  async attach(model: ChannelModel): Promise<void> {
    const { connection, prefix, topic, group, concurrency } = this.#options;
    await openChannel(model, async (channel) => {
      await assertGroup(channel, prefix, topic, group);
      await channel.prefetch(concurrency);
      const { consumerTag } = await channel.consume(this.#queue, (message) => {
        // Null: somebody has deleted the queue.
        if (message) this.#begin(channel, message);
        else connection.attachAgain(this, model);
      });
      channel.on('close', () => connection.attachAgain(this, model));
      this.#current = { channel, tag: consumerTag };
    });
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const { connection } = this.#options;
    connection.remove(this);
    this.#stopping.abort();
    const current = this.#current;
    if (current && !connection.away) {
      await withDeadline(STOP_DEADLINE, current.channel.cancel(current.tag)).catch(() => undefined);
    }
    await Promise.all(this.#running);
    // What is not settled goes back to the queue with the channel.
    if (current)
      await withDeadline(
        STOP_DEADLINE,
        Promise.try(() => current.channel.close()),
      ).catch(() => undefined);
  }

  #begin(channel: ConfirmChannel, message: ConsumeMessage): void {
    const handling = this.#handle(channel, message)
      .catch((error) => this.#options.log.error({ err: error }, 'a message could not be settled and will come again'))
      .finally(() => this.#running.delete(handling));
    this.#running.add(handling);
  }

  async #handle(channel: ConfirmChannel, message: ConsumeMessage): Promise<void> {
    const { handler, log } = this.#options;
    const { signal } = this.#stopping;
    if (signal.aborted) return onOpen(() => channel.nack(message));
    const attempt = Number(message.properties.headers?.[ATTEMPT] ?? 1);
    const body = parseMessage(message.content);
    if (!body) {
      log.error('a message is not one of ours and was given up');
      return onOpen(() => channel.ack(message));
    }
    try {
      await handler(body, signal);
    } catch (error) {
      if (signal.aborted) return onOpen(() => channel.nack(message));
      if (attempt >= MAX_ATTEMPTS) {
        log.error({ err: error, attempt }, 'a message was given up');
        return onOpen(() => channel.ack(message));
      }
      log.warn({ err: error, attempt }, 'a message could not be handled and will come again');
      return this.#retry(channel, message, attempt);
    }
    onOpen(() => channel.ack(message));
  }

  /** The message waits in another queue; only when the server has it there it is taken from this one. */
  async #retry(channel: ConfirmChannel, message: ConsumeMessage, attempt: number): Promise<void> {
    try {
      const queue = await withDeadline(
        SETTLE_DEADLINE,
        Promise.try(() => assertRetries(channel, this.#queue, backoff(attempt, RETRY))),
      );
      const headers = { [ATTEMPT]: attempt + 1 };
      await withDeadline(SETTLE_DEADLINE, confirmed(channel, '', queue, message.content, { headers }));
      onOpen(() => channel.ack(message));
    } catch {
      // The server is away: it gives the message to whoever is there when it is back.
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
