import { HoldfastError } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import { UniqueViolation } from '../../../drivers/database/port.ts';
import { countChecked, forgive, takenCounters } from '../attempts.ts';
import type { AuthVerb } from '../deps.ts';
import { requireEmail } from '../email.ts';
import { findInvitation, invitationHash, useInvitation } from '../invitations/use.ts';
import { requirePassword } from '../password.ts';
import { displayName } from './display-name.ts';
import { findUserByEmail } from './find-by-email.ts';
import { insertUser, newUser } from './insert.ts';
import { signUpByMail } from './sign-up-by-mail.ts';
import { userOf } from './user-of.ts';

/** Makes an account. Of several that ask for the same e-mail at once, one gets it and the others hear `email_taken`. */
export const signUp: AuthVerb<'signUp'> = (deps) => async (request, context) => {
  const { db, hashing, signup, log } = deps;
  const { client } = request;
  const invitation = invitationHash(request.invitation);
  if (signup === 'closed') {
    throw new HoldfastError('forbidden', 'Sign-up is closed on this server. Ask whoever runs it for an account.');
  }
  const email = requireEmail(request.email);
  const password = requirePassword(request.password, email);
  const name = displayName(request.name);
  if (signup === 'invite') await findInvitation(db.reader, invitation, email);
  const wanted = newUser({ id: newId(), email, name, password_hash: '' });
  if (deps.emailVerification === 'required') {
    await signUpByMail(deps, { row: wanted, password, invitation, client }, context);
    return { user: undefined };
  }

  const counters = takenCounters(client);
  const password_hash = await countChecked(db, counters, async () => {
    // Only spares the hashing: what decides is the unique index.
    if (await findUserByEmail(db.reader, email)) return undefined;
    return hashing.hash(password, context.signal);
  });
  if (password_hash === undefined) throw emailTaken();
  const row = { ...wanted, password_hash };
  try {
    await db.unit(async (tx) => {
      if (signup === 'invite') await useInvitation(tx, invitation, email, row.created_at);
      await insertUser(tx, row, { client, actor: { kind: 'user', ownerId: row.id } }, context);
      await forgive(tx, counters);
    });
  } catch (error) {
    if (error instanceof UniqueViolation) throw emailTaken();
    throw error;
  }
  deps.onEvent();
  log.info({ request_id: context.requestId, user_id: row.id }, 'account made');
  return { user: userOf(row) };
};

export const emailTaken = (): HoldfastError =>
  new HoldfastError('email_taken', 'There is an account with this e-mail already. Log in instead.');
