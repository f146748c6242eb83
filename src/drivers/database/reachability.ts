import type { Logger } from '../../base/logger.ts';

/** Says in the log once that a server is away, and once that it is back, however many connections notice. */
export class Reachability {
  readonly #name: string;
  readonly #log: Logger;
  #away = false;

  constructor(name: string, log: Logger) {
    this.#name = name;
    this.#log = log;
  }

  reached(): void {
    if (this.#away) this.#log.info(`${this.#name} is reached again`);
    this.#away = false;
  }

  lost(error: unknown): void {
    if (!this.#away) this.#log.warn({ err: error }, `${this.#name} cannot be reached; trying again`);
    this.#away = true;
  }
}
