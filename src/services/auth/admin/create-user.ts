import { newId } from '../../../base/ids.ts';
import { Role } from '../../../contract/holdfast/v1/auth.ts';
import { UniqueViolation } from '../../../drivers/database/port.ts';
import { requireAdmin } from '../access.ts';
import type { AdminVerb } from '../deps.ts';
import { requireEmail } from '../email.ts';
import { requirePassword } from '../password.ts';
import { displayName } from '../users/display-name.ts';
import { insertUser, newUser } from '../users/insert.ts';
import { emailTaken } from '../users/sign-up.ts';
import { userOf } from '../users/user-of.ts';

export const createUser: AdminVerb<'createUser'> = (deps) => async (request, context) => {
  await requireAdmin(deps, context);
  const email = requireEmail(request.email);
  const name = displayName(request.name);
  const password_hash =
    request.password === '' ? '' : await deps.hashing.hash(requirePassword(request.password, email), context.signal);
  const role = request.role === Role.ADMIN ? 'admin' : 'user';
  const row = newUser({ id: newId(), email, name, password_hash, role });
  // An admin vouches for the address: nobody has to confirm it who was given the password.
  if (deps.emailVerification === 'required') row.email_verified_at = row.created_at;
  try {
    await deps.db.unit((tx) => insertUser(tx, row, { client: request.client }, context));
  } catch (error) {
    if (error instanceof UniqueViolation) throw emailTaken();
    throw error;
  }
  deps.onEvent();
  return { user: userOf(row) };
};
