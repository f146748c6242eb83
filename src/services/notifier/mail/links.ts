import type { NotifierSettings } from '../deps.ts';

type Links = Pick<NotifierSettings, 'publicUrl' | 'emailVerificationUrl' | 'passwordResetUrl'>;

/** Tokens stand behind `#`: that part goes to no server, into no log, and to no page that is linked from there. */
const withToken = (page: string, token: string): string => (token === '' ? page : `${page}#${token}`);

export const verificationLink = ({ emailVerificationUrl, publicUrl }: Links, token: string): string =>
  withToken(emailVerificationUrl ?? `${publicUrl()}/verify-email`, token);

export const resetLink = ({ passwordResetUrl, publicUrl }: Links, token: string): string =>
  withToken(passwordResetUrl ?? `${publicUrl()}/reset-password`, token);
