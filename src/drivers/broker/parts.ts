import { setTimeout as pause } from 'node:timers/promises';
import { backoff } from '../../base/backoff.ts';
import { HoldfastError, hasCode } from '../../base/errors.ts';
import type { Running } from '../../base/lifecycle.ts';
import { closed, unavailable } from './errors.ts';

/** How often something is begun whose connection goes under it: RabbitMQ cuts off who race to make one queue. */
const TRIES = 4;
const PAUSES = { base: 100, max: 1_000 };

/**
 * What runs on the connections of a broker. Once it closes nothing more is started; what runs may still publish until it
 * has ended, and only then are the connections ended.
 */
export class Parts {
  readonly #running = new Set<Running>();
  #closing: Promise<void> | undefined;
  #over = false;

  /** Throws where the connections have ended. */
  checkOpen(): void {
    if (this.#over) throw closed();
  }

  /** Begins anew what broke off with its connection. What was started while it closed is stopped again. */
  async start(begin: () => Promise<Running>): Promise<Running> {
    if (this.#closing) throw closed();
    const part = await this.#begin(begin, 1);
    const one: Running = {
      stop: async () => {
        await part.stop();
        this.#running.delete(one);
      },
    };
    this.#running.add(one);
    if (!this.#closing) return one;
    await one.stop();
    throw closed();
  }

  async #begin(begin: () => Promise<Running>, attempt: number): Promise<Running> {
    try {
      return await begin();
    } catch (error) {
      if (!hasCode(error, 'unavailable') || attempt === TRIES || this.#closing) throw error;
      await pause(backoff(attempt, PAUSES));
      return this.#begin(begin, attempt + 1);
    }
  }

  close(disconnect: () => Promise<void>): Promise<void> {
    this.#closing ??= this.#closeAll(disconnect);
    return this.#closing;
  }

  async #closeAll(disconnect: () => Promise<void>): Promise<void> {
    await Promise.all([...this.#running].map((one) => one.stop()));
    this.#over = true;
    await disconnect();
  }
}

/** Asks the server once there is a connection; what it refuses says so already, all else is that it is away. */
export async function asked<T>(ready: () => Promise<unknown>, ask: () => Promise<T>): Promise<T> {
  await ready();
  try {
    return await ask();
  } catch (error) {
    throw error instanceof HoldfastError ? error : unavailable(error);
  }
}
