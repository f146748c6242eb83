import { requireService } from '../access.ts';
import type { MailVerb } from '../deps.ts';
import type { AccountEventType } from '../events/append.ts';
import type { UsersTable } from '../tables.ts';
import { findUser } from '../users/find.ts';
import { hasAddress } from '../users/insert.ts';
import { mintToken, RESET, VERIFICATION } from './tokens.ts';

type Prepared = Awaited<ReturnType<ReturnType<MailVerb<'prepareMail'>>>>;

/** Milliseconds after which nobody waits for the mail any more. */
const LATEST = 24 * 3600_000;
const NOTHING: Prepared = { email: '', token: '', expiresAt: undefined };

interface Kind {
  /** Whether it is still to be told. */
  readonly tells: (user: UsersTable) => boolean;
  /** What its link is for, where it has one of its own. */
  readonly purpose?: typeof RESET;
}

const KINDS: Readonly<Partial<Record<AccountEventType, Kind>>> = {
  'email.verification_requested': { tells: (user) => user.email_verified_at === null, purpose: VERIFICATION },
  'password.reset_requested': { tells: () => true, purpose: RESET },
  // Whoever reads that mailbox may want to come in, and has forgotten that there is an account.
  'sign_up.repeated': { tells: () => true, purpose: RESET },
  // Whoever signed up with somebody else's address could have us write there as often as they please.
  'password.changed': { tells: (user) => user.email_verified_at !== null },
  'identity.linked': { tells: () => true },
  'identity.unlinked': { tells: () => true },
};

export const prepareMail: MailVerb<'prepareMail'> =
  ({ db }) =>
  async ({ eventId }, context) => {
    requireService(context);
    const now = Date.now();
    const event = await db.reader.selectFrom('auth_outbox').selectAll().where('id', '=', eventId).executeTakeFirst();
    const kind = event && KINDS[event.type as AccountEventType];
    if (!kind || event.created_at < now - LATEST) return NOTHING;
    const user = await findUser(db.reader, event.user_id);
    if (!user || user.disabled_at !== null || user.deleted_at !== null || !hasAddress(user)) return NOTHING;
    if (!kind.tells(user)) return NOTHING;
    if (!kind.purpose) return { ...NOTHING, email: user.email };
    const { token, row } = mintToken(kind.purpose, user, now);
    const { table } = kind.purpose;
    await db.unit((tx) => tx.insertInto(table).values(row).execute());
    return { email: user.email, token, expiresAt: new Date(row.expires_at) };
  };
