import type { HoldfastError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';

interface Refused {
  /** Names in the certificate, where there is one. */
  readonly caller: readonly string[] | undefined;
  readonly address: string;
  readonly method: string | undefined;
}

/** Milliseconds for which the same refusal is told once: whoever is refused may come often. */
const TELL_EVERY = 10_000;
const MOST_TOLD = 1_000;

/** Says in the log who was refused what, and why. */
export class Refusals {
  readonly #log: Logger;
  readonly #told = new Map<string, { until: number; untold: number }>();

  constructor(log: Logger) {
    this.#log = log;
  }

  tell(reason: HoldfastError | string, { caller, address, method }: Refused): void {
    const detail = typeof reason === 'string' ? reason : reason.detail;
    const code = typeof reason === 'string' ? 'unauthenticated' : reason.code;
    if (code === 'cancelled') return;
    const key = [code, detail, caller, method, address.replace(/:\d+$/, '')].join(' ');
    const now = Date.now();
    const told = this.#told.get(key);
    if (told && told.until > now) {
      told.untold += 1;
      return;
    }
    if (this.#told.size >= MOST_TOLD) this.#told.clear();
    this.#told.set(key, { until: now + TELL_EVERY, untold: 0 });
    this.#log.warn(
      { code, reason: detail, caller, address, method, ...(told?.untold && { untold: told.untold }) },
      method === undefined ? 'a connection was refused' : 'a call was refused',
    );
  }
}
