import { parseMailbox } from '../base/mailbox.ts';
import { beginsWith, setting, url } from './setting.ts';

const page = (value: string) => (url('http', 'https')(value) && !value.includes('#') ? value : undefined);
const PAGE = 'an http(s) URL without #, such as https://app.example.com/account';

/** How people get mail, and where it leads. */
export const MAIL = {
  smtpUrl: setting(
    'SMTP_URL',
    undefined,
    'smtp://user:password@host:587 or smtps://user:password@host:465',
    beginsWith('smtp', 'smtps'),
    'The server that takes mails. Without it they are files in `DATA_DIR/mail`, and their links are in the log.',
  ),
  mailFrom: setting(
    'MAIL_FROM',
    undefined,
    'an address such as files@example.com, or Holdfast <files@example.com>',
    parseMailbox,
    'Whom mails are from. Goes with `SMTP_URL`.',
  ),
  emailVerificationUrl: setting(
    'EMAIL_VERIFICATION_URL',
    undefined,
    PAGE,
    page,
    'A page of your application that confirms e-mails, by the token behind `#`. Default: one of this server.',
  ),
  passwordResetUrl: setting(
    'PASSWORD_RESET_URL',
    undefined,
    PAGE,
    page,
    'A page of your application to choose another password, by the token behind `#`. Default: one of this server.',
  ),
} as const;
