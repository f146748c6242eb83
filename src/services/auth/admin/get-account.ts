import { requireAdmin } from '../access.ts';
import type { AdminVerb } from '../deps.ts';
import { normaliseEmail } from '../email.ts';
import { findUser } from '../users/find.ts';
import { findUserByEmail } from '../users/find-by-email.ts';
import { noSuchAccount } from '../users/get.ts';
import { userOf } from '../users/user-of.ts';

export const getAccount: AdminVerb<'getAccount'> =
  (deps) =>
  async ({ userId, email }, context) => {
    await requireAdmin(deps, context);
    const { reader } = deps.db;
    const address = normaliseEmail(email);
    const row =
      userId !== ''
        ? await findUser(reader, userId)
        : address !== undefined && (await findUserByEmail(reader, address));
    if (!row || row.deleted_at !== null) throw noSuchAccount();
    return { user: userOf(row) };
  };
