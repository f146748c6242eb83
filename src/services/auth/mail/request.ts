import type { CallContext } from '../../../base/context.ts';
import type { Client } from '../../../contract/holdfast/v1/auth.ts';
import { countAttempt, mailCounters } from '../attempts.ts';
import { appendAudit } from '../audit/append.ts';
import type { AuthDeps, AuthVerb } from '../deps.ts';
import { requireEmail } from '../email.ts';
import { appendEvent } from '../events/append.ts';
import type { UsersTable } from '../tables.ts';
import { findUserByEmail } from '../users/find-by-email.ts';

type MailEvent = 'password.reset_requested' | 'email.verification_requested';

interface Asked {
  readonly email: string;
  readonly client?: Client | undefined;
}

/**
 * Writes down that a mail is wanted; whether there is anything to send is found out when it would be sent. Nothing here
 * depends on whether there is such an account, neither the words nor what is written: an event without an account is nobody's.
 */
async function requestMail(
  deps: AuthDeps,
  type: MailEvent,
  { email: given, client }: Asked,
  context: CallContext,
): Promise<void> {
  const { db } = deps;
  const email = requireEmail(given);
  await countAttempt(db, mailCounters(email, client), Date.now());
  const user: UsersTable | undefined = await findUserByEmail(db.reader, email);
  const now = Date.now();
  await db.unit(async (tx) => {
    await appendAudit(tx, { action: type, target: ['user', user?.id ?? ''], client }, context, now);
    await appendEvent(tx, user?.id ?? '', type, {}, now);
  });
  deps.onEvent();
}

export const requestPasswordReset: AuthVerb<'requestPasswordReset'> = (deps) => async (request, context) => {
  await requestMail(deps, 'password.reset_requested', request, context);
  return {};
};

export const requestEmailVerification: AuthVerb<'requestEmailVerification'> = (deps) => async (request, context) => {
  await requestMail(deps, 'email.verification_requested', request, context);
  return {};
};
