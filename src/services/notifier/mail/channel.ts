import type { CallContext } from '../../../base/context.ts';
import { wants } from '../consume/files.ts';
import type { Claimed } from '../deliveries/claim.ts';
import type { Channel } from '../deliveries/deliver.ts';
import type { Outcome } from '../deliveries/settle.ts';
import type { NotifierDeps } from '../deps.ts';
import { type AccountMail, type Digest, type FilesMail, isAccountMail } from './kinds.ts';
import { resetLink, verificationLink } from './links.ts';
import { ACCOUNT_LETTERS, FILES_LETTERS } from './texts.ts';
import { type Letter, write } from './write.ts';

type MailRow = Claimed<'mail_deliveries'>;

interface Addressed {
  readonly to: string;
  readonly letter: Letter;
}

/** Mails. To whom one goes and what opens its link is asked for now, so that neither waits in a table. */
export const mailChannel = (deps: NotifierDeps): Channel<'mail_deliveries'> => ({
  table: 'mail_deliveries',
  async deliver(row, context): Promise<Outcome> {
    const { kind } = row;
    const addressed = await (isAccountMail(kind)
      ? aboutAccount(deps, kind, row, context)
      : aboutFiles(deps, kind, row, context));
    if (!addressed) return { kind: 'obsolete' };
    const { to, letter } = addressed;
    const { subject, link } = letter;
    const outcome = await deps.mail.send(
      { id: row.id, to, subject, ...write(letter), link: link?.url },
      context.signal,
    );
    return outcome.kind === 'taken' ? { kind: 'sent' } : outcome;
  },
});

async function aboutAccount(
  { accounts, settings }: NotifierDeps,
  kind: AccountMail,
  { cause }: MailRow,
  context: CallContext,
): Promise<Addressed | undefined> {
  const host = hostOf(settings.publicUrl());
  const { email, token, expiresAt } = await accounts.mail.prepareMail({ eventId: cause }, context);
  if (email === '') return undefined;
  const link = (kind === 'email.verification_requested' ? verificationLink : resetLink)(settings, token);
  return { to: email, letter: ACCOUNT_LETTERS[kind]({ host, link, expiresAt }) };
}

async function aboutFiles(
  { accounts, settings }: NotifierDeps,
  kind: FilesMail,
  { user_id, data }: MailRow,
  context: CallContext,
): Promise<Addressed | undefined> {
  const { subscribers } = await accounts.mail.listSubscribers({ userIds: [user_id] }, context);
  const [subscriber] = subscribers;
  if (!subscriber || !wants(subscriber, kind)) return undefined;
  const digest: Digest = JSON.parse(data);
  return { to: subscriber.email, letter: FILES_LETTERS[kind](digest, hostOf(settings.publicUrl())) };
}

const hostOf = (url: string): string => new URL(url).host;
