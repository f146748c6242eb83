import type { Metadata, ServerUnaryCall } from '@grpc/grpc-js';
import { type CallContext, type Principal, traceIdOf } from '../../base/context.ts';
import type { Logger } from '../../base/logger.ts';
import { requestIdIn, traceIn } from '../wire-context.ts';

export interface ServedContext extends CallContext {
  /** Fires `signal`, if anybody has asked for it. */
  abort(): void;
}

/** Milliseconds of Unix time, or infinity. */
export const deadlineOf = (call: Pick<ServerUnaryCall<unknown, unknown>, 'getDeadline'>): number => {
  const deadline = call.getDeadline();
  return typeof deadline === 'number' ? deadline : deadline.getTime();
};

/**
 * Milliseconds. A caller ends its call at its deadline, which is nearer than it looks from here by the time that the
 * request was on its way.
 */
const ON_THE_WAY = 1_000;

/** The context of a call that came over the wire. Signal and logger are made when they are first asked for. */
export function contextOf(
  call: { readonly metadata: Metadata } & Pick<ServerUnaryCall<unknown, unknown>, 'getDeadline' | 'getPeer'>,
  principal: Principal,
  root: Logger,
): ServedContext {
  const requestId = requestIdIn(call.metadata);
  const deadline = deadlineOf(call);
  const trace = traceIn(call.metadata);
  let controller: AbortController | undefined;
  let aborted = false;
  let log: Logger | undefined;
  const reason = () =>
    deadline - Date.now() <= ON_THE_WAY
      ? new DOMException('The deadline has passed.', 'TimeoutError')
      : new DOMException('The call has ended.', 'AbortError');
  return {
    principal,
    requestId,
    deadline: deadline === Number.POSITIVE_INFINITY ? undefined : deadline,
    trace,
    get caller() {
      const [userAgent] = call.metadata.get('user-agent');
      // Host and port, as in `::1:40000`.
      return { address: call.getPeer().replace(/:\d+$/, ''), userAgent: String(userAgent ?? '') };
    },
    get signal() {
      if (!controller) {
        controller = new AbortController();
        if (aborted) controller.abort(reason());
      }
      return controller.signal;
    },
    get log() {
      log ??= root.child({
        request_id: requestId,
        ...(trace && { trace_id: traceIdOf(trace) }),
        ...(principal.kind === 'user' && { user_id: principal.ownerId }),
        ...(principal.kind === 'service' && { caller: principal.name }),
      });
      return log;
    },
    abort() {
      aborted = true;
      controller?.abort(reason());
    },
  };
}
