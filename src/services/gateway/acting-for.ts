import type { FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { HoldfastError } from '../../base/errors.ts';
import type { AuthenticateResponse } from '../../contract/holdfast/v1/auth.ts';
import { writeEntry } from './audit-entry.ts';
import type { GatewayDeps } from './deps.ts';
import { isForOwners, type Scope } from './route-rules.ts';

export const OWNER_HEADER = 'holdfast-owner';

/** Visible ASCII: other bytes mean different things to different proxies. Sent twice, it comes with a blank. */
const OWNER = /^[\x21-\x7e]{1,255}$/;

/** Milliseconds in which acting for the same owner with the same token is one entry of the audit trail. */
const ONE_ENTRY = 3600_000;
const REMEMBERED = 50_000;

/**
 * For whom a back end acts: the owner that it names, where its token may. Undefined where it names none. Throws
 * `forbidden` for whoever may not, so that nobody believes to have acted for another who did not.
 */
export function createActingFor(audit: GatewayDeps['audit']) {
  const noted = new LRUCache<string, true>({ max: REMEMBERED, ttl: ONE_ENTRY });

  return async (
    request: FastifyRequest,
    { userId, credentialId, scopes }: AuthenticateResponse,
    scope: Scope,
  ): Promise<string | undefined> => {
    const owner = request.raw.headers[OWNER_HEADER];
    if (owner === undefined) return undefined;
    if (!scopes.includes('act-as')) {
      throw new HoldfastError('forbidden', 'Holdfast-Owner needs an API token that has the scope act-as.');
    }
    if (!isForOwners(scope)) {
      throw new HoldfastError('forbidden', 'Holdfast-Owner is for files and jobs. Leave it out here.');
    }
    if (typeof owner !== 'string' || !OWNER.test(owner)) {
      throw new HoldfastError(
        'invalid_request',
        'Holdfast-Owner must be one owner: 1 to 255 visible ASCII characters, without blanks.',
      );
    }
    const key = `${credentialId} ${owner}`;
    if (!noted.has(key)) {
      const act = { action: 'owner.acted_for', targetKind: 'owner', targetId: owner };
      const failure = await writeEntry(audit, request, { ...act, actorId: userId, credentialId, ownerId: owner });
      // What changes something has to be written down first; who reads goes on.
      if (failure && scope !== 'files:read') throw failure;
      if (!failure) noted.set(key, true);
    }
    return owner;
  };
}
