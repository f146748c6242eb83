import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { HoldfastError } from '../../base/errors.ts';
import type { GatewayDeps } from './deps.ts';

/**
 * Who may call a route.
 * - `owner` (where a route says nothing): whoever sends a valid access token.
 * - `optional`: anybody; a token that is sent must be valid.
 * - `anyone`: anybody; a token is not looked at.
 */
export type Access = 'owner' | 'optional' | 'anyone';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
}

const BEARER = /^Bearer +([\w~+/.=-]{1,4096}) *$/i;

/** Puts the check before all else that routes do, so that no body is read for whoever may not send one. */
export function guardRoutes(auth: GatewayDeps['auth']): (route: RouteOptions) => void {
  const signIn = async (request: FastifyRequest, header: string): Promise<void> => {
    const token = BEARER.exec(header)?.[1];
    if (token === undefined) {
      throw new HoldfastError('unauthenticated', 'The Authorization header must be "Bearer" and an access token.');
    }
    const { userId } = await auth.authenticate({ token }, request.call);
    request.call.principal = { kind: 'user', ownerId: userId };
  };

  const owner = async (request: FastifyRequest, _reply: FastifyReply): Promise<void> => {
    const header = request.raw.headers.authorization;
    if (header === undefined) {
      throw new HoldfastError('unauthenticated', 'Sign in, and send the access token as "Authorization: Bearer …".');
    }
    await signIn(request, header);
  };

  const optional = async (request: FastifyRequest, _reply: FastifyReply): Promise<void> => {
    const header = request.raw.headers.authorization;
    if (header !== undefined) await signIn(request, header);
  };

  return (route) => {
    const access = route.config?.access ?? 'owner';
    if (access === 'anyone') return;
    const before = route.onRequest ?? [];
    route.onRequest = [access === 'owner' ? owner : optional, ...(Array.isArray(before) ? before : [before])];
  };
}
