import { HoldfastError } from '../../base/errors.ts';
import type { UserRole } from './tables.ts';

/** What an API token may be given. */
const FOR_ALL = ['files:read', 'files:write', 'files:delete', 'jobs'] as const;
const FOR_ADMINS = ['admin', 'act-as'] as const;
export const SCOPES: readonly string[] = [...FOR_ALL, ...FOR_ADMINS];

/** What only a person who is signed in may, and no API token: change the password, make tokens, end sessions. */
const ACCOUNT = 'account';

/** All that a session of the account may. */
export const scopesOfSession = (role: UserRole): string[] => [
  ...FOR_ALL,
  ACCOUNT,
  ...(role === 'admin' ? ['admin'] : []),
];

/**
 * All that somebody may whom another issuer vouches for: not what outlives the token, because that issuer could not take
 * it back.
 */
export const scopesOfIssuer = (role: UserRole): string[] => [...FOR_ALL, ...(role === 'admin' ? ['admin'] : [])];

/** What a token may now: not what its account lost since it was made. */
export const scopesOfToken = (scopes: readonly string[], role: UserRole): string[] =>
  scopes.filter((scope) => allowed(role).includes(scope));

const allowed = (role: UserRole): readonly string[] => (role === 'admin' ? SCOPES : FOR_ALL);

/** Throws for what is no scope, or none that the account may hand out. Answers them once each, in one order. */
export function requireScopes(scopes: readonly string[], role: UserRole): string[] {
  const wrong = (code: 'invalid_request' | 'forbidden', message: string) =>
    new HoldfastError(code, message, { fields: [{ path: 'scopes', message }] });
  if (scopes.length === 0) throw wrong('invalid_request', `Name what the token may: of ${SCOPES.join(', ')}.`);
  if (scopes.some((scope) => !SCOPES.includes(scope))) {
    throw wrong('invalid_request', `The scopes are ${SCOPES.join(', ')}.`);
  }
  const denied = scopes.filter((scope) => !allowed(role).includes(scope));
  if (denied.length > 0) throw wrong('forbidden', `Only admins may make a token for ${denied.join(' and ')}.`);
  return SCOPES.filter((scope) => scopes.includes(scope));
}
