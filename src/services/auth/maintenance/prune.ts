import type { CallContext } from '../../../base/context.ts';
import { lastPosition } from '../../../outbox/outbox.ts';
import { requireService } from '../access.ts';
import type { AuthDeps, MaintenanceVerb } from '../deps.ts';
import { deleteSessions } from '../sessions/delete.ts';
import type { AuthTables } from '../tables.ts';

const DAY = 24 * 3600_000;
/** A consumer that was away for less misses no event. */
const EVENT_RETENTION = 7 * DAY;
/** How long a refresh token that was used is known as such; later it is one that never was. */
const USED_TOKEN_RETENTION = 14 * DAY;
const BATCH = 500;

type Db = AuthDeps['db'];

/** The rows of each table whose time has come, by their key. */
const due = {
  sessions: (db: Db, now: number) =>
    db.reader.selectFrom('sessions').select('id as key').where('expires_at', '<=', now),
  refresh_tokens: (db: Db, now: number) =>
    db.reader
      .selectFrom('refresh_tokens')
      .select('token_hash as key')
      .where('used_at', '<=', now - USED_TOKEN_RETENTION),
  api_tokens: (db: Db, now: number) =>
    db.reader.selectFrom('api_tokens').select('id as key').where('expires_at', '<=', now),
  invitations: (db: Db, now: number) =>
    db.reader
      .selectFrom('invitations')
      .select('id as key')
      .where(({ or, eb }) => or([eb('expires_at', '<=', now), eb('used_at', 'is not', null)])),
  email_verifications: (db: Db, now: number) =>
    db.reader.selectFrom('email_verifications').select('token_hash as key').where('expires_at', '<=', now),
  password_resets: (db: Db, now: number) =>
    db.reader.selectFrom('password_resets').select('token_hash as key').where('expires_at', '<=', now),
  sign_in_attempts: (db: Db, now: number) =>
    db.reader.selectFrom('sign_in_attempts').select('name as key').where('expires_at', '<=', now),
  rate_windows: (db: Db, now: number) =>
    db.reader.selectFrom('rate_windows').select('name as key').where('expires_at', '<=', now),
  provider_sign_ins: (db: Db, now: number) =>
    db.reader.selectFrom('provider_sign_ins').select('state_hash as key').where('expires_at', '<=', now),
};

const KEYS = {
  sessions: 'id',
  refresh_tokens: 'token_hash',
  api_tokens: 'id',
  invitations: 'id',
  email_verifications: 'token_hash',
  password_resets: 'token_hash',
  sign_in_attempts: 'name',
  rate_windows: 'name',
  provider_sign_ins: 'state_hash',
  audit: 'id',
  auth_outbox: 'id',
} as const satisfies Partial<Record<keyof AuthTables, string>>;

export const pruneAccounts: MaintenanceVerb<'pruneAccounts'> =
  ({ db, auditRetention }) =>
  async ({ dryRun }, context) => {
    requireService(context);
    const now = Date.now();
    const newest = await lastPosition(db.reader, 'auth_outbox');
    const events = () =>
      db.reader
        .selectFrom('auth_outbox')
        .select('id as key')
        .where('created_at', '<=', now - EVENT_RETENTION)
        // The newest stays: the next is numbered after it.
        .where('position', '<', newest);
    const audit = () =>
      db.reader
        .selectFrom('audit')
        .select('id as key')
        .where('created_at', '<=', now - auditRetention);
    const pass = dryRun ? count : prune;
    // Told to nobody: they are over in a minute.
    if (!dryRun) await prune(db, 'rate_windows', () => due.rate_windows(db, now), context);
    return {
      sessions: await pass(db, 'sessions', () => due.sessions(db, now), context),
      tokens:
        (await pass(db, 'refresh_tokens', () => due.refresh_tokens(db, now), context)) +
        (await pass(db, 'api_tokens', () => due.api_tokens(db, now), context)) +
        (await pass(db, 'invitations', () => due.invitations(db, now), context)) +
        (await pass(db, 'email_verifications', () => due.email_verifications(db, now), context)) +
        (await pass(db, 'password_resets', () => due.password_resets(db, now), context)) +
        (await pass(db, 'sign_in_attempts', () => due.sign_in_attempts(db, now), context)) +
        (await pass(db, 'provider_sign_ins', () => due.provider_sign_ins(db, now), context)),
      events: await pass(db, 'auth_outbox', events, context),
      audit: await pass(db, 'audit', audit, context),
    };
  };

interface DueRows {
  limit(rows: number): { execute(): Promise<readonly { readonly key: string }[]> };
}

/** As many as one batch would take: a first look, not a census. */
async function count(_db: Db, _table: keyof typeof KEYS, rows: () => DueRows): Promise<number> {
  return (await rows().limit(BATCH).execute()).length;
}

async function prune(db: Db, table: keyof typeof KEYS, rows: () => DueRows, context: CallContext): Promise<number> {
  let pruned = 0;
  for (let last = BATCH; last === BATCH; pruned += last) {
    context.signal.throwIfAborted();
    const keys = (await rows().limit(BATCH).execute()).map(({ key }) => key);
    last = keys.length;
    if (last === 0) break;
    await db.unit(async (tx) => {
      if (table === 'sessions') {
        // Used since they were looked at, they live on.
        await deleteSessions(tx, (query) => query.where('id', 'in', keys).where('expires_at', '<=', Date.now()));
      } else {
        await tx
          .deleteFrom(table)
          .where(KEYS[table] as 'id', 'in', keys)
          .execute();
      }
    });
  }
  return pruned;
}
