import { setTimeout as sleep } from 'node:timers/promises';
import { backoff } from '../../base/backoff.ts';
import type { CallContext } from '../../base/context.ts';
import { type HoldfastError, toHoldfastError } from '../../base/errors.ts';
import type { MethodDefinition } from '../contract.ts';
import { checkSize } from '../limits.ts';
import { callMeter, countRetry } from '../metrics.ts';
import { metadataOf } from '../wire-context.ts';
import { attempt } from './attempt.ts';
import type { RetryBudget } from './budget.ts';
import type { Connection } from './connection.ts';
import { errorOf } from './errors.ts';
import { Overdue } from './overdue.ts';
import { timeoutOf } from './timeouts.ts';

export interface MethodDeps {
  readonly connection: Connection;
  readonly budget: RetryBudget;
  readonly forwardsPrincipals: boolean;
}

const ATTEMPTS = 3;
/** Milliseconds between attempts. */
const WAIT = { base: 50, max: 1_000 };
/** Whoever asks to be left alone for longer is not waited for here. */
const LONGEST_WAIT = 2_000;

/** A method of another process, as a function. What may be repeated is tried again where nobody was there to answer. */
export function methodClient(deps: MethodDeps, path: string, { requestType, responseType, options }: MethodDefinition) {
  const { connection, budget } = deps;
  const measure = callMeter('client', path);
  const repeatable = options.idempotencyLevel !== undefined;
  const overdue = new Overdue(timeoutOf(path));

  /** Milliseconds to wait before the next attempt; undefined where there is to be none. */
  const pause = (error: HoldfastError, tried: number, deadline = Number.POSITIVE_INFINITY): number | undefined => {
    if (!repeatable || error.code !== 'unavailable' || tried >= ATTEMPTS || connection.isDown) return undefined;
    const wait = Math.max(backoff(tried, WAIT), (error.retryAfter ?? 0) * 1_000);
    if (wait > LONGEST_WAIT || Date.now() + wait >= deadline) return undefined;
    return budget.spend() ? wait : undefined;
  };

  return async (message: unknown, context: CallContext): Promise<unknown> => {
    const started = performance.now();
    const bytes = requestType.encode(message).finish();
    checkSize(bytes.length, 'request');
    const request = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const { signal, deadline } = context;
    for (let tried = 1; ; tried++) {
      const metadata = metadataOf(context, deps.forwardsPrincipals);
      const line = connection.take();
      try {
        const bytes = await attempt(line.channel, { path, request, metadata, signal, deadline, overdue });
        budget.earn();
        connection.note(true);
        const answer = responseType.decode(bytes);
        measure(started, 'ok');
        return answer;
      } catch (thrown) {
        const error = errorOf(thrown, path);
        if (error.code === 'unavailable') connection.note(false, error.cause);
        const wait = pause(error, tried, deadline);
        if (wait === undefined) {
          measure(started, error.code);
          throw error;
        }
        await sleep(wait, undefined, { signal }).catch(() => {
          throw toHoldfastError(signal.reason);
        });
        countRetry(path);
      } finally {
        connection.handBack(line);
      }
    }
  };
}
