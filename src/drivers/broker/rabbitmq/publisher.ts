import type { ConfirmChannel, Options } from 'amqplib';
import { withDeadline } from '../../../base/deadline.ts';
import { HoldfastError } from '../../../base/errors.ts';
import type { Logger } from '../../../base/logger.ts';
import { unavailable } from '../errors.ts';
import { openChannel } from './channel.ts';
import type { Part } from './connection.ts';
import type { Link } from './link.ts';
import type { Names } from './names.ts';
import { assertExchange } from './queues.ts';

/** Milliseconds until the server must have confirmed. */
const CONFIRM_DEADLINE = 3_000;
/** Messages that the server has not confirmed yet, be anybody still waiting or not; the next are refused at once. */
const MAX_UNCONFIRMED = 2_000;
const SHORT = 'RabbitMQ is short of memory or disk: give it more, or have others keep less in it.';
/** A topic that nobody consumes: what is published there is taken, and not kept. */
export const PROBE = 'probe';

interface PublisherOptions {
  readonly names: Names;
  readonly log: Logger;
  /** The server has closed the channel while the connection stands. */
  readonly onRefused: (link: Link, reason: Error) => void;
}

/** A channel with what it has sent and nobody has confirmed. */
interface Outlet {
  readonly channel: ConfirmChannel;
  unconfirmed: number;
  /** The server takes nothing: it is short of memory or of room on its disk. */
  blocked: boolean;
}

/** Publishes on a channel of its own, and waits until the server has what was published (publisher confirms). */
export class Publisher implements Part {
  readonly #options: PublisherOptions;
  #outlet: Outlet | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  async attach(link: Link): Promise<void> {
    const { names, onRefused } = this.#options;
    const { model } = link;
    await openChannel(
      model.createConfirmChannel(),
      async (channel) => {
        const outlet = { channel, unconfirmed: 0, blocked: false };
        const blocked = new Promise<void>((resolve) => {
          model.on('blocked', (reason) => {
            this.#block(outlet, reason);
            resolve();
          });
        });
        model.on('unblocked', () => this.#unblock(outlet));
        await assertExchange(channel, names);
        // Whoever may not publish is to know it now.
        await Promise.race([send(outlet, names.exchange, PROBE, Buffer.from('{}')), blocked]);
        this.#outlet = outlet;
      },
      (reason) => onRefused(link, reason),
    );
  }

  /** Takes what the server takes. Throws what an operator should know of why it takes nothing. */
  async probe(): Promise<void> {
    if (this.#outlet?.blocked) throw new HoldfastError('unavailable', SHORT, { retryAfter: 2 });
    await this.publish(PROBE, Buffer.from('{}'));
  }

  /** Throws what went wrong, `unavailable` or not. */
  async publish(routingKey: string, body: Buffer, options?: Options.Publish): Promise<void> {
    const outlet = this.#outlet;
    if (!outlet) throw unavailable(new Error('There is no channel.'));
    if (outlet.blocked) throw unavailable(new Error(SHORT));
    if (outlet.unconfirmed >= MAX_UNCONFIRMED) throw unavailable(new Error('Too many messages wait for confirms.'));
    await withDeadline(CONFIRM_DEADLINE, send(outlet, this.#options.names.exchange, routingKey, body, options));
  }

  #block(outlet: Outlet, reason: string): void {
    if (outlet.blocked) return;
    outlet.blocked = true;
    this.#options.log.error({ reason }, `messages are refused: ${SHORT}`);
  }

  #unblock(outlet: Outlet): void {
    if (!outlet.blocked) return;
    outlet.blocked = false;
    this.#options.log.info('RabbitMQ takes messages again');
  }
}

/** Resolves when the server has the message on all of its nodes that must have it. */
async function send(
  outlet: Outlet,
  exchange: string,
  routingKey: string,
  body: Buffer,
  options: Options.Publish = {},
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  outlet.channel.publish(exchange, routingKey, body, { persistent: true, ...options }, (error) => {
    outlet.unconfirmed -= 1;
    if (error) reject(error);
    else resolve();
  });
  // Of what could not even be sent nothing is heard.
  outlet.unconfirmed += 1;
  await promise;
}
