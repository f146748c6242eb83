import { HoldfastError } from '../../../base/errors.ts';
import type { AuthVerb } from '../deps.ts';
import { findUser } from './find.ts';
import { userOf } from './user-of.ts';

/** Users see themselves alone; of another's account they do not even hear that it is there. */
export const getUser: AuthVerb<'getUser'> =
  ({ db }) =>
  async ({ userId }, { principal }) => {
    if (principal.kind === 'anonymous') throw new HoldfastError('unauthenticated', 'Log in first.');
    const allowed = principal.kind === 'service' || principal.ownerId === userId;
    const row = allowed ? await findUser(db.reader, userId) : undefined;
    if (!row || row.deleted_at !== null) throw noSuchAccount();
    return { user: userOf(row) };
  };

export const noSuchAccount = (): HoldfastError => new HoldfastError('not_found', 'There is no such account.');
