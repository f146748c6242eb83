import type { CallContext } from '../../base/context.ts';
import { HoldfastError } from '../../base/errors.ts';

const MAX_OWNER_ID = 255;

/**
 * The owner that a request is for. A user may name only themselves, or nobody; a service acts for the owner that it
 * names.
 */
export function ownerOf({ principal }: CallContext, ownerId: string): string {
  switch (principal.kind) {
    case 'user':
      if (ownerId !== '' && ownerId !== principal.ownerId) {
        throw new HoldfastError('forbidden', 'You can only act for yourself.');
      }
      return principal.ownerId;
    case 'service':
      if (ownerId === '') throw invalidOwner('Name the owner that the call is for.');
      if (ownerId.length > MAX_OWNER_ID) throw invalidOwner(`The owner is longer than ${MAX_OWNER_ID} characters.`);
      return ownerId;
    default:
      throw new HoldfastError('unauthenticated', 'Sign in first.');
  }
}

const invalidOwner = (message: string) =>
  new HoldfastError('invalid_request', message, { fields: [{ path: 'owner_id', message }] });

/** Refuses all but our own services: what only they say to each other. */
export function requireService({ principal }: CallContext): void {
  if (principal.kind !== 'service') throw new HoldfastError('forbidden', 'Only services may call this.');
}

export const notFound = (what = 'file'): HoldfastError => new HoldfastError('not_found', `There is no such ${what}.`);
