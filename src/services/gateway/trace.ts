import type { IncomingHttpHeaders } from 'node:http';
import type { TraceContext } from '../../base/context.ts';

/** Version 00 (W3C Trace Context); zeros alone are no ids. */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
/** The most characters that are handed on. */
const MAX_STATE = 512;

/** Where a request belongs in the trace of whoever sent it. What is not well-formed is as if it were not there. */
export function traceOf({ traceparent, tracestate }: IncomingHttpHeaders): TraceContext | undefined {
  if (typeof traceparent !== 'string' || !TRACEPARENT.test(traceparent)) return undefined;
  return typeof tracestate === 'string' && tracestate.length <= MAX_STATE
    ? { traceparent, tracestate }
    : { traceparent };
}
