import { type ByScheme, bySchemeOf } from '../../base/by-scheme.ts';
import type { Mail, MailOptions, OpenMail } from './port.ts';

/** By scheme of the URL. A driver's code is loaded when it is the one chosen. */
const DRIVERS: ByScheme<OpenMail> = {
  file: async () => (await import('./file/index.ts')).openFileMail,
  smtp: async () => (await import('./smtp/index.ts')).openSmtpMail,
  smtps: async () => (await import('./smtp/index.ts')).openSmtpMail,
};

/** Opens the way that a URL names; nothing is connected yet. Throws where no driver knows the scheme, or the driver cannot open it. */
export async function openMail(url: string, options: MailOptions): Promise<Mail> {
  const open = await bySchemeOf(DRIVERS, url, 'SMTP_URL');
  return open(url, options);
}
