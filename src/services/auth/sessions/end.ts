import type { CallContext } from '../../../base/context.ts';
import { HoldfastError } from '../../../base/errors.ts';
import type { Client } from '../../../contract/holdfast/v1/auth.ts';
import { requireUser } from '../access.ts';
import { appendAudit } from '../audit/append.ts';
import type { AuthDeps, AuthVerb } from '../deps.ts';
import { deleteSessions } from './delete.ts';

interface Ending {
  readonly userId: string;
  readonly client: Client | undefined;
  readonly which: Parameters<typeof deleteSessions>[1];
}

/** Ends sessions of one user. Answers how many there were. */
export const endSessions = (
  { db }: Pick<AuthDeps, 'db'>,
  { userId, client, which }: Ending,
  context: CallContext,
): Promise<number> =>
  db.unit(async (tx) => {
    const ended = await deleteSessions(tx, (query) => which(query.where('user_id', '=', userId)));
    if (ended > 0) {
      const entry = {
        action: ended === 1 ? 'session.ended' : 'sessions.ended',
        target: ['user', userId],
        client,
      } as const;
      await appendAudit(tx, { ...entry, data: { ended } }, context, Date.now());
    }
    return ended;
  });

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
  (deps) =>
  async ({ exceptSessionId, client }, context) => {
    const userId = requireUser(context);
    const which: Ending['which'] = (query) =>
      exceptSessionId === undefined ? query : query.where('id', '<>', exceptSessionId);
    const ended = await endSessions(deps, { userId, client, which }, context);
    const now = Date.now();
    await deps.db.unit((tx) =>
      tx.updateTable('users').set({ sessions_ended_at: now }).where('id', '=', userId).execute(),
    );
    return { ended };
  };
