import type { SendMailOptions } from 'nodemailer';
import { isHeaderText, isMailAddress, type Mailbox } from '../../base/mailbox.ts';
import type { MailMessage, MailOutcome } from './port.ts';

const MAX_SUBJECT = 250;
const ID = /^[\w-]{1,64}$/;

/** Why a message cannot be written down safely; undefined where it can. */
export function refusalOf({ id, to, subject }: MailMessage): MailOutcome | undefined {
  const permanent = (reason: string) => ({ kind: 'permanent', reason }) as const;
  if (!ID.test(id)) return permanent('the id of the mail is none');
  if (!isMailAddress(to)) return permanent('no mail can be sent to this address');
  if (!isHeaderText(subject) || subject.length > MAX_SUBJECT) return permanent('the subject is not one line of text');
  return undefined;
}

/**
 * The mail as the library takes it. Addresses are given apart from names, and the envelope apart from the headers, so that
 * no text is ever taken apart into addresses.
 */
export const composed = ({ id, to, subject, text, html }: MailMessage, from: Mailbox): SendMailOptions => ({
  envelope: { from: from.address, to: [to] },
  from: { name: from.name, address: from.address },
  to: { name: '', address: to },
  subject,
  text,
  html,
  messageId: `<${id}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`,
  // No answer of a machine, please (RFC 3834).
  headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
  disableFileAccess: true,
  disableUrlAccess: true,
});
