import type { CallContext } from '../../../base/context.ts';
import type { Client } from '../../../contract/holdfast/v1/auth.ts';
import { countChecked, mailCounters } from '../attempts.ts';
import { appendAudit } from '../audit/append.ts';
import type { AuthDeps } from '../deps.ts';
import { appendEvent } from '../events/append.ts';
import { useInvitation } from '../invitations/use.ts';
import type { UsersTable } from '../tables.ts';
import { noteNewUser } from './insert.ts';

interface Wanted {
  /** Without its password. */
  readonly row: UsersTable;
  readonly password: string;
  readonly invitation: string | undefined;
  readonly client: Client | undefined;
}

/**
 * Makes an account that has to be confirmed, or tells the one that is there already: by mail alone. Whoever asks hears and
 * waits the same. What is chosen here changes nothing of an account that is there.
 */
export async function signUpByMail(
  deps: AuthDeps,
  { row: wanted, password, invitation, client }: Wanted,
  context: CallContext,
): Promise<void> {
  const { db, hashing, signup, log } = deps;
  const { email, created_at: now } = wanted;
  const password_hash = await countChecked(db, mailCounters(email, client), () =>
    hashing.hash(password, context.signal),
  );
  const row: UsersTable = { ...wanted, password_hash };
  const made = await db.unit(async (tx) => {
    await db.dialect.insertIfAbsent(tx, 'users', [row], ['email']);
    const standing = await tx
      .selectFrom('users')
      .select('id')
      .where('email', '=', email)
      .forUpdate()
      .executeTakeFirstOrThrow();
    if (standing.id !== row.id) {
      await appendAudit(tx, { action: 'sign_up.repeated', target: ['user', standing.id], client }, context, now);
      await appendEvent(tx, standing.id, 'sign_up.repeated', {}, now);
      return false;
    }
    if (signup === 'invite') await useInvitation(tx, invitation, email, now);
    await noteNewUser(tx, row, { client, actor: { kind: 'user', ownerId: row.id } }, context);
    await appendEvent(tx, row.id, 'email.verification_requested', {}, now);
    return true;
  });
  deps.onEvent();
  if (made) log.info({ request_id: context.requestId, user_id: row.id }, 'account made');
}
