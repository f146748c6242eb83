import { availableParallelism } from 'node:os';
import { HoldfastError } from '../../../base/errors.ts';
import { HashingThread } from './hashing-thread.ts';
import type { Task } from './protocol.ts';

const COST = 12;

/**
 * A hash costs a quarter of a second of a core, on purpose. They are computed by threads of their own, which stand back
 * for all others, and not on Node's pool, where files are written: log-ins never hold up uploads.
 */
const CONCURRENCY = Math.max(1, Math.floor(availableParallelism() / 2));
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
  const idle: HashingThread[] = [];
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

  async function inTurn(signal: AbortSignal, task: Task): Promise<string | boolean> {
    await enter(signal);
    const thread = idle.pop() ?? new HashingThread();
    try {
      return await thread.perform(task);
    } finally {
      idle.push(thread);
      exit();
    }
  }

  return {
    hash: async (password, signal) => (await inTurn(signal, { task: 'hash', password, cost })) as string,
    matches: async (password, hash, signal) =>
      (await inTurn(signal, { task: 'compare', password, hash: hash ?? nobody })) === true && hash !== undefined,
  };
}
