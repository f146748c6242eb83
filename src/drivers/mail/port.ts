import type { Logger } from '../../base/logger.ts';
import type { Mailbox } from '../../base/mailbox.ts';

/**
 * Hands mails to whoever brings them to people. Nothing of a message can end a header or a command and begin another: what
 * could is refused, by every driver. A driver keeps nothing: whoever sends tries again.
 */
export interface Mail {
  /**
   * Resolves once another has the mail for good, or with why not. Rejects only with the signal's reason; then it may have
   * gone out. Answers within `TIMEOUT`.
   */
  send(message: MailMessage, signal: AbortSignal): Promise<MailOutcome>;
  /** Resolves where mails are taken now. */
  probe(signal: AbortSignal): Promise<void>;
  /** Gives up what is under way. Safe to call twice. */
  close(): Promise<void>;
}

export interface MailMessage {
  /** By which a mail that is sent again is known to be the same: letters, digits and `-`. */
  readonly id: string;
  /** The one address that it goes to. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** The same as a document of HTML that loads nothing. */
  readonly html: string;
  /** Where it leads. Shown to the operator by a driver that brings mails to nobody. */
  readonly link?: string | undefined;
}

export type MailOutcome =
  | { readonly kind: 'taken' }
  | {
      /** `permanent`: this mail will never be taken. `transient`: it may be, later. */
      readonly kind: 'permanent' | 'transient';
      /** For the operator: one line, without a password. */
      readonly reason: string;
    };

/** Milliseconds for one mail: a server that looks at mails before it takes them needs some. */
export const TIMEOUT = 60_000;

export interface MailOptions {
  readonly from: Mailbox;
  /** Where the embedded default keeps mails. */
  readonly dataDir: string;
  readonly log: Logger;
}

/** What a driver is to `openMail`. Throws an error whose message says to the operator what is wrong with the URL. */
export type OpenMail = (url: string, options: MailOptions) => Promise<Mail>;
