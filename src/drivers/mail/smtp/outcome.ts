import type { MailOutcome } from '../port.ts';

/** What the library tells of a failure. */
export interface SmtpError extends Error {
  readonly code?: string | undefined;
  /** What the server answered, with its number; absent where it said nothing. */
  readonly response?: string | undefined;
  readonly permanent?: boolean | undefined;
  /** What it was answered to. */
  readonly command?: string | undefined;
}

/**
 * What a failure means for the mail. Permanent is only what the server says for good of this mail or of whom it goes to
 * (RFC 5321, 4.2.1). That it does not like us, our password or our sender is for the operator to mend, and the mail waits.
 */
export function outcomeOf(error: SmtpError, secrets: readonly string[]): MailOutcome {
  const ofThisMail = error.command === 'RCPT TO' || error.command === 'DATA';
  const ofItsAddress = error.code === 'EENVELOPE' && error.command === 'API';
  const permanent = (error.permanent === true && ofThisMail) || ofItsAddress;
  return { kind: permanent ? 'permanent' : 'transient', reason: reasonOf(error, secrets) };
}

const LONGEST = 300;

/** One line for the operator. A server may repeat what it was sent. */
export function reasonOf(error: SmtpError, secrets: readonly string[]): string {
  let text = error.message;
  for (const secret of secrets) if (secret !== '') text = text.replaceAll(secret, '***');
  return text
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, LONGEST);
}
