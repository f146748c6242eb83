import type { Kysely } from 'kysely';
import type { CallContext } from '../../../base/context.ts';
import { HoldfastError } from '../../../base/errors.ts';
import type { Client } from '../../../contract/holdfast/v1/auth.ts';
import { requireUser } from '../access.ts';
import { appendAudit } from '../audit/append.ts';
import type { AuthDeps, AuthVerb } from '../deps.ts';
import type { AuthTables } from '../tables.ts';
import { deleteSessions } from './delete.ts';

interface Ending {
  readonly userId: string;
  readonly client: Client | undefined;
  readonly which: Parameters<typeof deleteSessions>[1];
}

/** Ends sessions of one user, in a unit of work. Answers how many there were. */
async function endIn(tx: Kysely<AuthTables>, { userId, client, which }: Ending, context: CallContext): Promise<number> {
  const ended = await deleteSessions(tx, (query) => which(query.where('user_id', '=', userId)));
  if (ended > 0) {
    const action = ended === 1 ? 'session.ended' : 'sessions.ended';
    const entry = { action, target: ['user', userId], client, data: { ended } } as const;
    await appendAudit(tx, entry, context, Date.now());
  }
  return ended;
}

export const endSessions = ({ db }: Pick<AuthDeps, 'db'>, ending: Ending, context: CallContext): Promise<number> =>
  db.unit((tx) => endIn(tx, ending, context));

export const endSession: AuthVerb<'endSession'> =
  (deps) =>
  async ({ sessionId, client }, context) => {
    const userId = requireUser(context);
    const ended = await endSessions(
      deps,
      { userId, client, which: (query) => query.where('id', '=', sessionId) },
      context,
    );
    if (ended === 0) throw new HoldfastError('not_found', 'There is no such session.');
    return {};
  };

export const endAllSessions: AuthVerb<'endSessions'> =
  ({ db }) =>
  async ({ exceptSessionId, client }, context) => {
    const userId = requireUser(context);
    const which: Ending['which'] = (query) =>
      exceptSessionId === undefined ? query : query.where('id', '<>', exceptSessionId);
    const now = Date.now();
    const ended = await db.unit(async (tx) => {
      // Tokens of other issuers have no session, and end with the others.
      await tx.updateTable('users').set({ sessions_ended_at: now }).where('id', '=', userId).execute();
      return endIn(tx, { userId, client, which }, context);
    });
    return { ended };
  };
