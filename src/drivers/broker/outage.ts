import type { Logger } from '../../base/logger.ts';

interface OutageOptions {
  /** What the server is called. */
  readonly server: string;
  readonly log: Logger;
  /** What an operator reads of an error that time alone does not mend; undefined for others. */
  readonly explain: (error: Error) => string | undefined;
}

/**
 * Says once that the server went, whichever connections noticed, and once that all of them are back; between these,
 * once, why it lets us in no more although it is there.
 */
export class Outage {
  readonly #server: string;
  readonly #log: Logger;
  readonly #explain: OutageOptions['explain'];
  readonly #missing = new Set<object>();
  #explained = false;

  constructor({ server, log, explain }: OutageOptions) {
    this.#server = server;
    this.#log = log;
    this.#explain = explain;
  }

  lost(connection: object, error: Error): void {
    if (this.#missing.size === 0) {
      this.#log.warn({ err: error }, `the connection to ${this.#server} was lost; trying to get it back`);
    }
    this.#missing.add(connection);
  }

  /** Another try failed. */
  goesOn(error: Error): void {
    const explanation = this.#explained ? undefined : this.#explain(error);
    if (explanation === undefined) return;
    this.#explained = true;
    this.#log.error(explanation);
  }

  /** It is not wanted any more. */
  left(connection: object): void {
    this.#missing.delete(connection);
  }

  back(connection: object): void {
    if (!this.#missing.delete(connection) || this.#missing.size > 0) return;
    this.#explained = false;
    this.#log.info(`the connection to ${this.#server} is back`);
  }
}
