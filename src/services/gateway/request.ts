import type { FastifyReply, FastifyRequest } from 'fastify';
import { ANONYMOUS, type CallContext, type Principal, traceIdOf } from '../../base/context.ts';
import { HoldfastError } from '../../base/errors.ts';
import { isId } from '../../base/ids.ts';
import type { Logger } from '../../base/logger.ts';
import { plainAddress } from '../../base/network.ts';
import type { Client } from '../../contract/holdfast/v1/auth.ts';
import { traceOf } from './trace.ts';

/** What goes along with each call that is made to answer a request. */
export interface RequestCall extends CallContext {
  principal: Principal;
}

declare module 'fastify' {
  interface FastifyRequest {
    call: RequestCall;
  }
}

/**
 * The context of a request, anonymous until `authenticate` knows better. Its abort signal fires when the client went
 * away before its answer was whole. Signal and logger are made when they are first asked for: most requests need
 * neither.
 */
export function createCall(
  request: FastifyRequest,
  reply: FastifyReply,
  root: Logger,
  trace = traceOf(request.headers),
): RequestCall {
  let signal: AbortSignal | undefined;
  let log: Logger | undefined;
  return {
    principal: ANONYMOUS,
    requestId: request.id,
    trace,
    get signal() {
      signal ??= signalOf(reply.raw);
      return signal;
    },
    get log() {
      log ??= root.child({ request_id: request.id, trace_id: traceIdOf(trace), user_id: userId(this.principal) });
      return log;
    },
  };
}

function signalOf(response: FastifyReply['raw']): AbortSignal {
  const controller = new AbortController();
  const onClose = () => {
    if (!response.writableFinished) controller.abort();
  };
  if (response.destroyed) onClose();
  else response.once('close', onClose);
  return controller.signal;
}

/**
 * Where the request comes from: behind a proxy that is trusted, from where the proxy says. What says nothing that is an
 * address comes from the proxy itself: otherwise each of them would be somebody else, whom nobody has counted yet.
 */
export const addressOf = ({ ip, socket }: FastifyRequest): string => plainAddress(ip) ?? socket.remoteAddress ?? '';

export const clientOf = (request: FastifyRequest): Client => ({
  address: addressOf(request),
  userAgent: request.headers['user-agent'] ?? '',
});

/** Undefined for whoever is no user. */
export const userId = (principal: Principal): string | undefined =>
  principal.kind === 'user' ? principal.ownerId : undefined;

/** Whose files the request is about. Throws `unauthenticated` for a request that no user signed. */
export function requireOwner(request: FastifyRequest): string {
  const owner = userId(request.call.principal);
  if (owner === undefined) throw new HoldfastError('unauthenticated', 'Sign in and send the access token.');
  return owner;
}

/** An id from the path. One that we cannot have made names nothing: `not_found`, as for any other that is not there. */
export function pathId(id: string, what: 'file' | 'job'): string {
  if (!isId(id)) throw new HoldfastError('not_found', `There is no ${what} with this id.`);
  return id;
}
