import type { CallContext } from '../../base/context.ts';
import { HoldfastError } from '../../base/errors.ts';
import { isId } from '../../base/ids.ts';
import { checkText, invalidField } from './invalid.ts';

const MAX_OWNER_ID = 255;

/**
 * The owner that a request is for. A user may name only themselves, or nobody; a service acts for the owner that it
 * names: any text of 1 to 255 characters.
 */
export function ownerOf({ principal }: CallContext, ownerId: string): string {
  switch (principal.kind) {
    case 'user':
      if (ownerId !== '' && ownerId !== principal.ownerId) {
        throw new HoldfastError('forbidden', 'You can only act for yourself.');
      }
      return principal.ownerId;
    case 'service':
      checkOwnerId(ownerId);
      return ownerId;
    default:
      throw new HoldfastError('unauthenticated', 'Sign in first.');
  }
}

/** Throws for what cannot be an owner. */
export function checkOwnerId(ownerId: string): void {
  if (ownerId === '') throw invalidField('owner_id', 'Name the owner that the call is for.');
  checkText('owner_id', ownerId, MAX_OWNER_ID);
}

/** For what admins do: the gateway, which alone speaks for users, has made sure that the user is one. */
export function requireAdmin({ principal }: CallContext): void {
  if (principal.kind === 'anonymous') throw new HoldfastError('unauthenticated', 'Sign in first.');
}

/** Refuses all but our own services: what only they say to each other. */
export function requireService({ principal }: CallContext): void {
  if (principal.kind !== 'service') throw new HoldfastError('forbidden', 'Only services may call this.');
}

export const notFound = (what = 'file'): HoldfastError => new HoldfastError('not_found', `There is no such ${what}.`);

/** An id of a request, which has to be there. One that we cannot have made names nothing: `not_found`. */
export function checkId(id: string, what: 'file' | 'job'): void {
  if (id === '') throw invalidField(`${what}_id`, `Name the ${what}.`);
  if (!isId(id)) throw notFound(what);
}
