import type { MailKind } from '../tables.ts';

/** Mails that are about one event of an account; auth says to whom, and gives the token. */
const ACCOUNT_MAILS = [
  'email.verification_requested',
  'password.reset_requested',
  'sign_up.repeated',
  'password.changed',
  'identity.linked',
  'identity.unlinked',
] as const satisfies readonly MailKind[];

export type AccountMail = (typeof ACCOUNT_MAILS)[number];
export type FilesMail = Exclude<MailKind, AccountMail>;

export const isAccountMail = (type: string): type is AccountMail => (ACCOUNT_MAILS as readonly string[]).includes(type);

/** What a mail about files tells. */
export interface Digest {
  readonly count: number;
  /** Of the first of them. */
  readonly names: readonly string[];
}
