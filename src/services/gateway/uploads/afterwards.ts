import type { CallContext } from '../../../base/context.ts';

/** Milliseconds. */
const TIME = 30_000;

/**
 * The call as it goes on whether its client is still there or not: what was begun is brought to its end, or put in
 * order, within a time of its own.
 */
export function afterwards(call: CallContext): CallContext {
  let signal: AbortSignal | undefined;
  return {
    principal: call.principal,
    requestId: call.requestId,
    get signal() {
      signal ??= AbortSignal.timeout(TIME);
      return signal;
    },
    get log() {
      return call.log;
    },
  };
}
