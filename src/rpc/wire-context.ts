import { Metadata } from '@grpc/grpc-js';
import { ANONYMOUS, type CallContext, type Principal, type TraceContext } from '../base/context.ts';
import { newId } from '../base/ids.ts';

/** What of a call's context goes along as metadata. Its deadline goes as `grpc-timeout`, its signal as the end of the stream. */
const REQUEST_ID = 'x-request-id';
const PRINCIPAL = 'holdfast-principal';
const TRACEPARENT = 'traceparent';
const TRACESTATE = 'tracestate';

const USER = 'user:';
/** An owner of 255 characters, encoded. */
const LONGEST = 4_096;

const SANE_ID = /^[\w.:+/=@-]{1,128}$/;
/** W3C Trace Context, section 3.2.2. */
const SANE_TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;
const SANE_TRACESTATE = /^[\x20-\x7e]{1,512}$/;

/** The metadata of a call. A service speaks for itself unless it may say on whose behalf. */
export function metadataOf({ requestId, principal, trace }: CallContext, forwardsPrincipals: boolean): Metadata {
  const metadata = new Metadata();
  if (SANE_ID.test(requestId)) metadata.set(REQUEST_ID, requestId);
  if (forwardsPrincipals && principal.kind !== 'service') metadata.set(PRINCIPAL, encodePrincipal(principal));
  if (trace && SANE_TRACEPARENT.test(trace.traceparent)) {
    metadata.set(TRACEPARENT, trace.traceparent);
    if (trace.tracestate && SANE_TRACESTATE.test(trace.tracestate)) metadata.set(TRACESTATE, trace.tracestate);
  }
  return metadata;
}

/** Anything else than what callers of ours send is replaced, so that it can stand in a log. */
export function requestIdIn(metadata: Metadata): string {
  const [given] = metadata.get(REQUEST_ID);
  return typeof given === 'string' && SANE_ID.test(given) ? given : newId();
}

export function traceIn(metadata: Metadata): TraceContext | undefined {
  const [traceparent] = metadata.get(TRACEPARENT);
  if (typeof traceparent !== 'string' || !SANE_TRACEPARENT.test(traceparent)) return undefined;
  const [tracestate] = metadata.get(TRACESTATE);
  return typeof tracestate === 'string' && SANE_TRACESTATE.test(tracestate)
    ? { traceparent, tracestate }
    : { traceparent };
}

/** On whose behalf a call claims to be made; undefined where it does not say, null where that cannot be read. */
export function principalIn(metadata: Metadata): Principal | undefined | null {
  const [given] = metadata.get(PRINCIPAL);
  if (given === undefined) return undefined;
  if (given === 'anonymous') return ANONYMOUS;
  const text = String(given);
  if (!text.startsWith(USER) || text.length === USER.length || text.length > LONGEST) return null;
  try {
    return { kind: 'user', ownerId: decodeURIComponent(text.slice(USER.length)) };
  } catch {
    return null;
  }
}

const encodePrincipal = (principal: Exclude<Principal, { kind: 'service' }>): string =>
  principal.kind === 'user' ? `${USER}${encodeURIComponent(principal.ownerId.toWellFormed())}` : 'anonymous';
