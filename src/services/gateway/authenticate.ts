import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { HoldfastError, hasCode } from '../../base/errors.ts';
import type { AuthenticateResponse } from '../../contract/holdfast/v1/auth.ts';
import { createActingFor } from './acting-for.ts';
import { writeEntry } from './audit-entry.ts';
import { type Credential, credentialOf, fits, isSecure } from './credentials.ts';
import type { GatewayDeps } from './deps.ts';
import { createIdentify } from './identify.ts';
import type { AddressLimit, Limiter } from './rate-limits/limits.ts';
import { type AuditRule, outlasts, ruleOf, type Scope } from './route-rules.ts';
import { requireSameOrigin } from './same-origin.ts';

/**
 * Who may call a route.
 * - `owner` (where a route says nothing): whoever is signed in and may what `route-rules.ts` says of the route.
 * - `optional`: anybody; whoever sends a token is held to it.
 * - `anyone`: anybody; credentials are not looked at.
 */
export type Access = 'owner' | 'optional' | 'anyone';

/** Who sends a request, and with what. */
export type Identity = Pick<AuthenticateResponse, 'userId' | 'kind' | 'credentialId' | 'scopes'> & {
  /** For whom a back end acts; undefined for itself. */
  readonly actingFor: string | undefined;
};

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    /** For a route that `route-rules.ts` does not know, because it is no part of the API. */
    scope?: Scope;
    /** Of whoever is not signed in; `anonymous` where a route says nothing. Owners have `sign-in` in the place of writes. */
    limit?: AddressLimit;
  }
  interface FastifyRequest {
    /** Undefined for nobody. */
    identity: Identity | undefined;
  }
}

type GuardDeps = Pick<GatewayDeps, 'auth' | 'audit'> & {
  readonly settings: Pick<GatewayDeps['settings'], 'publicUrl'>;
};

/**
 * Puts the checks before all else that routes do, so that no body is read for whoever may not send one. Whoever is signed
 * in is counted as that owner, everybody else by their address: others at the same address hold up nobody who is signed
 * in.
 */
export function guardRoutes(
  { auth, audit, settings: { publicUrl } }: GuardDeps,
  limiter: Limiter,
): (route: RouteOptions) => void {
  const identify = createIdentify(auth);
  const actingFor = createActingFor(audit);
  const secure = isSecure(publicUrl);

  const admit = async (request: FastifyRequest, reply: FastifyReply, credential: Credential, scope: Scope) => {
    const answer = await identify(credential.token, request.call, outlasts(request.method, scope));
    if (!fits(credential, answer.kind)) throw notAccepted();
    const { userId, kind, credentialId, scopes } = answer;
    const { limit } = request.routeOptions.config;
    let owner: string | undefined;
    try {
      if (credential.from === 'cookie') requireSameOrigin(request, publicUrl);
      requireScope(reply, scopes, scope);
      owner = await actingFor(request, answer, scope);
    } catch (error) {
      // To be refused something costs as much as to be given it.
      limiter.ofOwner(request, reply, userId, limit);
      throw error;
    }
    request.identity = { userId, kind, credentialId, scopes, actingFor: owner };
    request.call.principal = { kind: 'user', ownerId: owner ?? userId };
    limiter.ofOwner(request, reply, owner ?? userId, limit);
  };

  /** Whoever shows a credential that is refused is counted as somebody who shows none. */
  const countingRefused =
    (guard: (request: FastifyRequest, reply: FastifyReply) => Promise<void>) =>
    async (request: FastifyRequest, reply: FastifyReply) => {
      try {
        await guard(request, reply);
      } catch (error) {
        if (hasCode(error, 'unauthenticated')) limiter.ofAddress(request, reply, 'anonymous');
        throw error;
      }
    };

  const owner = (scope: Scope) =>
    countingRefused(async (request, reply) => {
      const credential = credentialOf(request, secure);
      if (!credential) {
        throw new HoldfastError('unauthenticated', 'Sign in, and send the access token as "Authorization: Bearer …".');
      }
      await admit(request, reply, credential, scope);
    });

  const optional = (scope: Scope) =>
    countingRefused(async (request, reply) => {
      const credential = credentialOf(request, secure);
      if (credential && (await isAdmitted(request, reply, credential, scope))) return;
      limiter.ofAddress(request, reply, 'anonymous');
    });

  const isAdmitted = async (request: FastifyRequest, reply: FastifyReply, credential: Credential, scope: Scope) => {
    try {
      await admit(request, reply, credential, scope);
      return true;
    } catch (error) {
      // A browser sends its cookie unasked, also one that has ended: then nobody asks.
      if (credential.from === 'header' || !hasCode(error, 'unauthenticated', 'forbidden')) throw error;
      reply.removeHeader('www-authenticate');
      return false;
    }
  };

  const anyone =
    (limit: AddressLimit) => (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
      try {
        limiter.ofAddress(request, reply, limit);
        done();
      } catch (error) {
        done(error as Error);
      }
    };

  return (route) => {
    const access = route.config?.access ?? 'owner';
    const methods = [route.method].flat().filter((method) => method !== 'OPTIONS');
    if (methods.length === 0) return;
    if (access === 'anyone') {
      const { limit = 'anonymous' } = route.config ?? {};
      if (limit !== 'none') route.onRequest = [anyone(limit), ...list(route.onRequest)];
      return;
    }
    const rules = methods.map((method) =>
      route.config?.scope ? { scope: route.config.scope } : ruleOf(method, route.url),
    );
    const [rule] = rules;
    if (!rule || rules.some(({ scope }) => scope !== rule.scope)) {
      throw new Error(`The methods of ${route.url} have different scopes: make them routes of their own.`);
    }
    route.onRequest = [(access === 'owner' ? owner : optional)(rule.scope), ...list(route.onRequest)];
    if ('audit' in rule && rule.audit) route.onSend = [...list(route.onSend), noteWhenDone(audit, rule.audit)];
  };
}

/** Writes to the audit trail what was done, before it is answered. What cannot be written is in the log. */
const noteWhenDone =
  (audit: GatewayDeps['audit'], { action, kind, tellsBody }: AuditRule) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { identity } = request;
    if (!identity || reply.statusCode >= 400) return;
    await writeEntry(audit, request, {
      action,
      actorId: identity.userId,
      credentialId: identity.credentialId,
      targetKind: kind,
      targetId: (request.params as { readonly id?: string }).id ?? '',
      ownerId: identity.actingFor ?? '',
      ...(tellsBody && { data: request.body as Record<string, unknown> }),
    });
  };

const list = <T>(given: T | T[] | undefined): T[] => (given === undefined ? [] : ([given].flat() as T[]));

function requireScope(reply: FastifyReply, scopes: readonly string[], scope: Scope): void {
  if (scope === 'any' || scopes.includes(scope)) return;
  // RFC 6750, section 3.1.
  reply.header('www-authenticate', `Bearer realm="holdfast", error="insufficient_scope", scope="${scope}"`);
  throw new HoldfastError('forbidden', refusalOf(scope));
}

const refusalOf = (scope: Scope): string => {
  if (scope === 'account')
    return 'This takes somebody who is signed in here: no API token, and no token of another issuer.';
  if (scope === 'admin') return 'Only admins may do this, with a token for it.';
  return `This token may not do this: it needs the scope ${scope}.`;
};

const notAccepted = () =>
  new HoldfastError('unauthenticated', 'The access token is not valid or has expired. Log in again.');
