import type { Principal } from '../../base/context.ts';
import { HoldfastError } from '../../base/errors.ts';
import type { Grant } from '../access.ts';
import type { Peer } from './peers.ts';

/** Whoever makes a call, and what they may. */
export interface Caller {
  /** As which of its names it is let in. */
  readonly name: string;
  readonly grant: Grant;
}

/** Answers who a peer is to a method, by the table of who may call what. */
export type Permission = (peer: Peer, path: string) => Caller;

/** Throws `forbidden` where no name of the peer has the method in its row. */
export function permissionBy(access: Readonly<Record<string, Grant>>): Permission {
  const callers = new Map<string, Caller>();
  for (const [name, grant] of Object.entries(access)) {
    for (const path of grant.calls) callers.set(`${name} ${path}`, { name, grant });
  }
  return ({ names }, path) => {
    for (const name of names) {
      const caller = callers.get(`${name} ${path}`);
      if (caller) return caller;
    }
    throw new HoldfastError('forbidden', `${names.join(' and ')} may not call ${path}.`);
  };
}

/** On whose behalf a caller acts: what it says, where it may say so, and otherwise itself. */
export function principalOf({ name, grant }: Caller, claimed: Principal | undefined | null): Principal {
  if (claimed === undefined) return { kind: 'service', name };
  if (!grant.forwardsPrincipals) throw new HoldfastError('forbidden', `${name} may not call on behalf of a user.`);
  if (claimed === null) throw new HoldfastError('invalid_request', 'The principal of the call cannot be read.');
  return claimed;
}

/** Throws `forbidden` where a caller names an owner and may not act for any. */
export function checkOwner({ name, grant }: Caller, request: unknown): void {
  const { ownerId } = request as { ownerId?: unknown };
  if (grant.actsForOwners || ownerId === undefined || ownerId === '') return;
  throw new HoldfastError('forbidden', `${name} may not act for an owner.`);
}
