import { requireUser } from '../access.ts';
import type { AuthVerb } from '../deps.ts';
import { displayName } from './display-name.ts';
import { findUser } from './find.ts';
import { noSuchAccount } from './get.ts';
import { userOf } from './user-of.ts';

export const updateUser: AuthVerb<'updateUser'> =
  ({ db }) =>
  async ({ name, notifications: { uploads, failures } = {} }, context) => {
    const userId = requireUser(context);
    const changes = {
      ...(name !== undefined && { name: displayName(name) }),
      ...(uploads !== undefined && { notify_uploads: Number(uploads) }),
      ...(failures !== undefined && { notify_failures: Number(failures) }),
    };
    const row = await db.unit(async (tx) => {
      if (Object.keys(changes).length > 0) {
        await tx.updateTable('users').set(changes).where('id', '=', userId).execute();
      }
      return findUser(tx, userId);
    });
    if (!row || row.deleted_at !== null) throw noSuchAccount();
    return { user: userOf(row) };
  };
