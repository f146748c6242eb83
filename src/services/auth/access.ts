import type { CallContext } from '../../base/context.ts';
import { HoldfastError } from '../../base/errors.ts';
import type { AuthDeps } from './deps.ts';
import { findUser } from './users/find.ts';

/** The user on whose behalf a call is made. Throws `unauthenticated` for nobody, `forbidden` for a service. */
export function requireUser({ principal }: CallContext): string {
  if (principal.kind === 'user') return principal.ownerId;
  if (principal.kind === 'anonymous') throw new HoldfastError('unauthenticated', 'Sign in first.');
  throw new HoldfastError('forbidden', 'This is about one’s own account, and a service has none.');
}

/** Refuses all but our own services: what only they say to each other. */
export function requireService({ principal }: CallContext): void {
  if (principal.kind !== 'service') throw new HoldfastError('forbidden', 'Only services may call this.');
}

/** Lets admins pass, by what their row says now, and services. */
export async function requireAdmin({ db }: Pick<AuthDeps, 'db'>, { principal }: CallContext): Promise<void> {
  if (principal.kind === 'service') return;
  if (principal.kind === 'anonymous') throw new HoldfastError('unauthenticated', 'Sign in first.');
  const user = await findUser(db.reader, principal.ownerId);
  if (user?.role !== 'admin' || user.disabled_at !== null || user.deleted_at !== null) {
    throw new HoldfastError('forbidden', 'Only admins may do this.');
  }
}
