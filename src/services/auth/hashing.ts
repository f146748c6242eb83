import bcrypt from 'bcrypt';
import { HoldfastError } from '../../base/errors.ts';

const COST = 12;

/**
 * bcrypt runs on Node's thread pool, where fsync runs too, and the pool has four threads unless told otherwise: with
 * two at most, log-ins never hold up the files that are being written.
 */
const CONCURRENCY = 2;
/** Some seconds of waiting; beyond that, a "not now" is kinder than an answer that comes too late. */
const QUEUE = 32;

/**
 * A bcrypt hash whose password nobody knows: what a log-in without an account is compared with, so that it takes as long
 * as one with.
 */
const nobodyAt = (cost: number) =>
  `$2b$${String(cost).padStart(2, '0')}$w/xLUC9K855GIEaVDVh83eIgCIrEifOZwNu4YgEPg8tKFgouLGvWS`;

export interface PasswordHashing {
  /** Throws `too_many_requests` when too many wait already, and the signal's reason when it fires while waiting. */
  hash(password: string, signal: AbortSignal): Promise<string>;
  /** Takes the same time whether there is a hash to compare with or not. Throws as `hash` does. */
  matches(password: string, hash: string | undefined, signal: AbortSignal): Promise<boolean>;
}

/** `password` is at most 72 bytes, as `password.ts` makes sure. */
export function createPasswordHashing({ cost = COST, concurrency = CONCURRENCY, queue = QUEUE } = {}): PasswordHashing {
  const nobody = nobodyAt(cost);
  const waiting: (() => void)[] = [];
  let busy = 0;

  async function enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (busy < concurrency) {
      busy++;
      return;
    }
    if (waiting.length >= queue) {
      throw new HoldfastError('too_many_requests', 'Too many people are signing in just now. Try again in a moment.', {
        retryAfter: 5,
      });
    }
    await new Promise<void>((resolve, reject) => {
      const turn = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        waiting.splice(waiting.indexOf(turn), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      waiting.push(turn);
    });
  }

  /** The place passes straight to the next who waits, so that nobody overtakes. */
  function exit(): void {
    const next = waiting.shift();
    if (next) next();
    else busy--;
  }

  async function inTurn<R>(signal: AbortSignal, work: () => Promise<R>): Promise<R> {
    await enter(signal);
    try {
      return await work();
    } finally {
      exit();
    }
  }

  return {
    hash: (password, signal) => inTurn(signal, () => bcrypt.hash(password, cost)),
    matches: (password, hash, signal) =>
      inTurn(signal, async () => (await bcrypt.compare(password, hash ?? nobody)) && hash !== undefined),
  };
}
