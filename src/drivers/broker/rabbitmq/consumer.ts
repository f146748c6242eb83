import { setTimeout as pause } from 'node:timers/promises';
import type { ConsumeMessage } from 'amqplib';
import { backoff } from '../../../base/backoff.ts';
import { withDeadline } from '../../../base/deadline.ts';
import type { Running } from '../../../base/lifecycle.ts';
import type { Logger } from '../../../base/logger.ts';
import { parseMessage } from '../message.ts';
import { type ConsumeOptions, MAX_ATTEMPTS, type MessageHandler, RETRY } from '../port.ts';
import { Acks } from './acks.ts';
import { openChannel } from './channel.ts';
import type { Connection, Part } from './connection.ts';
import type { Link } from './link.ts';
import type { Names } from './names.ts';
import type { Publisher } from './publisher.ts';
import { assertGroup, assertRetries } from './queues.ts';

/** Milliseconds. */
const SETTLE_DEADLINE = 3_000;
const STOP_DEADLINE = 2_000;
/** Header: which try of the message this is, from 1. Absent: the first. */
const ATTEMPT = 'x-holdfast-attempt';
/** Header of a quorum queue: how often the message was brought to anybody who did not settle it. */
const HANDED_BACK = 'x-delivery-count';

interface ConsumerOptions extends ConsumeOptions {
  readonly connection: Connection;
  /** On another connection: one that publishes may be blocked, and settles nothing then. */
  readonly publisher: Publisher;
  readonly names: Names;
  readonly topic: string;
  readonly handler: MessageHandler;
  readonly log: Logger;
}

interface Source {
  readonly link: Link;
  readonly queue: string;
  readonly acks: Acks;
}

/** Has as many messages as handlers may run: the server sends no more before one is settled (prefetch). */
export class Consumer implements Running, Part {
  readonly #options: ConsumerOptions;
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  /** Takes no more, and closes the channel. */
  #leave: { cancel(): Promise<unknown>; close(): Promise<void> } | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: ConsumerOptions) {
    this.#options = options;
  }

  async attach(link: Link): Promise<void> {
    const { connection, names, topic, group, concurrency } = this.#options;
    const channel = await openChannel(
      link.model.createChannel(),
      async (opened) => {
        const queue = await assertGroup(opened, names, topic, group);
        const source = { link, queue, acks: new Acks(opened) };
        await opened.prefetch(concurrency);
        const { consumerTag } = await opened.consume(queue, (message) => {
          if (message) this.#begin(source, message);
          else connection.renew(new Error('A queue was deleted.'), link);
        });
        this.#leave = {
          cancel: () => opened.cancel(consumerTag),
          async close() {
            source.acks.tell();
            await opened.close();
          },
        };
      },
      (reason) => connection.renew(reason, link),
    );
    // Stopped meanwhile: what it would get it could only hand back, again and again.
    if (this.#stopping.signal.aborted) await this.#soon(() => channel.close());
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const { connection } = this.#options;
    connection.remove(this);
    this.#stopping.abort();
    if (!connection.away) await this.#soon(() => this.#leave?.cancel());
    await Promise.all(this.#running);
    // What is not settled goes back to the queue with the channel.
    await this.#soon(() => this.#leave?.close());
  }

  #soon(work: () => Promise<unknown> | undefined): Promise<unknown> {
    return withDeadline(STOP_DEADLINE, Promise.try(work)).catch(() => undefined);
  }

  #begin(source: Source, message: ConsumeMessage): void {
    source.acks.hold(message);
    const handling = this.#handle(source, message)
      .catch((error) => this.#options.log.error({ err: error }, 'a message could not be settled and will come again'))
      .finally(() => this.#running.delete(handling));
    this.#running.add(handling);
  }

  async #handle(source: Source, message: ConsumeMessage): Promise<void> {
    const { handler, log } = this.#options;
    const { acks } = source;
    const { signal } = this.#stopping;
    if (signal.aborted) return acks.handBack(message);
    const attempt = attemptOf(message);
    const body = parseMessage(message.content);
    if (!body || attempt > MAX_ATTEMPTS) {
      log.error({ attempt }, body ? 'a message was given up' : 'a message is not one of ours and was given up');
      return acks.done(message);
    }
    try {
      await handler(body, signal);
      acks.done(message);
    } catch (error) {
      if (signal.aborted) acks.handBack(message);
      else if (attempt >= MAX_ATTEMPTS) {
        log.error({ err: error, attempt }, 'a message was given up');
        acks.done(message);
      } else {
        log.warn({ err: error, attempt }, 'a message could not be handled and will come again');
        await this.#retry(source, message, attempt);
      }
    }
  }

  /** The message waits in another queue; only when the server has it there it is taken from this one. */
  async #retry(source: Source, message: ConsumeMessage, attempt: number): Promise<void> {
    const { signal } = this.#stopping;
    const wait = backoff(attempt, RETRY);
    try {
      const queue = await withDeadline(SETTLE_DEADLINE, this.#retriesFor(source, wait));
      await this.#options.publisher.publish(queue, message.content, { headers: { [ATTEMPT]: attempt + 1 } });
      source.acks.done(message);
    } catch (error) {
      // It cannot wait there, so it waits here: handed back at once, it would come again at once.
      this.#options.log.debug({ err: error }, 'a message could not be put aside');
      await pause(wait, undefined, { signal }).catch(() => undefined);
      source.acks.handBack(message);
    }
  }

  /** On a channel for this alone: one on which something is refused takes what it holds with it. */
  async #retriesFor({ link, queue }: Source, wait: number): Promise<string> {
    const { names } = this.#options;
    let name = '';
    const channel = await openChannel(link.model.createChannel(), async (opened) => {
      name = await assertRetries(opened, names, queue, wait);
    });
    await channel.close();
    return name;
  }
}

function attemptOf({ properties: { headers = {} } }: ConsumeMessage): number {
  return Number(headers[ATTEMPT] ?? 1) + Number(headers[HANDED_BACK] ?? 0);
}
