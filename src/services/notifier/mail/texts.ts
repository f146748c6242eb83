import type { AccountMail, Digest, FilesMail } from './kinds.ts';
import type { Letter } from './write.ts';

/** What is known when a mail about an account is written. */
interface About {
  /** What people call the server: its host. */
  readonly host: string;
  /** Where the mail leads, with the token where it has one. */
  readonly link: string;
  readonly expiresAt: Date | undefined;
}

/** In words, from now on. */
function until(expiresAt: Date | undefined, now = Date.now()): string {
  const minutes = Math.max(1, Math.round(((expiresAt?.getTime() ?? now) - now) / 60_000));
  return minutes >= 120 ? `${Math.round(minutes / 60)} hours` : minutes >= 55 ? 'an hour' : `${minutes} minutes`;
}

/** No text of a user stands in these: whoever signs up with an address of somebody else cannot have us write to them. */
export const ACCOUNT_LETTERS: Readonly<Record<AccountMail, (about: About) => Letter>> = {
  'email.verification_requested': ({ host, link, expiresAt }) => ({
    subject: 'Confirm your e-mail address',
    paragraphs: [
      `Somebody made an account at ${host} with this address. If it was you, confirm it with the password that you chose:`,
    ],
    link: { url: link, label: 'Confirm the address' },
    after: [
      `The link is good for ${until(expiresAt)}, once.`,
      'If it was not you, ignore this mail: nobody else can confirm it.',
    ],
  }),
  'password.reset_requested': ({ host, link, expiresAt }) => ({
    subject: 'Choose another password',
    paragraphs: [`Another password was asked for, for your account at ${host}. Choose it here:`],
    link: { url: link, label: 'Choose a password' },
    after: [
      `The link is good for ${until(expiresAt)}, once. When you have chosen, you are signed out everywhere.`,
      'If it was not you, ignore this mail: your password stays as it is.',
    ],
  }),
  'sign_up.repeated': ({ host, link, expiresAt }) => ({
    subject: 'You have an account already',
    paragraphs: [
      `Somebody, perhaps you, signed up with this address at ${host}. There is an account with it already: log in as ever.`,
      'If you do not know its password, choose another one:',
    ],
    link: { url: link, label: 'Choose a password' },
    after: [
      `The link is good for ${until(expiresAt)}, once.`,
      'If it was not you, ignore this mail, and nothing happens.',
    ],
  }),
  'password.changed': ({ host, link }) => ({
    subject: 'Your password was changed',
    paragraphs: [
      `The password of your account at ${host} was changed, and other sessions were ended. API tokens stay.`,
      'If it was not you, choose another one at once, and look through your API tokens:',
    ],
    link: { url: link, label: 'Choose another password' },
    after: [],
  }),
  'identity.linked': ({ host, link }) => ({
    subject: 'There is another way to sign in to your account',
    paragraphs: [
      `An account elsewhere was linked with yours at ${host}. Whoever signs in there can sign in here.`,
      'If it was not you, unlink it, and choose another password at once:',
    ],
    link: { url: link, label: 'Choose another password' },
    after: [],
  }),
  'identity.unlinked': ({ host, link }) => ({
    subject: 'A way to sign in to your account was taken away',
    paragraphs: [
      `An account elsewhere is not linked with yours at ${host} any more.`,
      'If it was not you, choose another password at once:',
    ],
    link: { url: link, label: 'Choose another password' },
    after: [],
  }),
};

const counted = (count: number, one: string, many: string): string => (count === 1 ? one : `${count} ${many}`);

export const FILES_LETTERS: Readonly<Record<FilesMail, (digest: Digest, host: string) => Letter>> = {
  'files.uploaded': ({ count, names }, host) => ({
    subject: counted(count, 'A file was uploaded', 'files were uploaded'),
    paragraphs: [`${counted(count, 'A file was', 'files were')} uploaded to your account at ${host}.`],
    list: { items: names, more: count - names.length },
    after: ['You get this mail because you asked for it: your account’s notifications turn it off.'],
  }),
  'files.failed': ({ count, names }, host) => ({
    subject: counted(count, 'A file could not be processed', 'files could not be processed'),
    paragraphs: [
      `Not everything could be made of ${counted(count, 'a file', 'files')} of your account at ${host}. The originals are safe.`,
    ],
    list: { items: names, more: count - names.length },
    after: ['You get this mail because you asked for it: your account’s notifications turn it off.'],
  }),
};
