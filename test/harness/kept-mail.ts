import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import PostalMime, { type Email } from 'postal-mime';
import { until } from './until.ts';

/** A mail that a server without a mail server has kept in its data directory: the latest to this address. */
export const keptMail = (dataDir: string, to: string, subject: string): Promise<Email> =>
  until(`the mail "${subject}" to ${to}`, async () => {
    const folder = join(dataDir, 'mail');
    for (const name of (await readdir(folder)).sort().reverse()) {
      const mail = await PostalMime.parse(await readFile(join(folder, name)));
      if (mail.to?.[0]?.address === to && mail.subject === subject) return mail;
    }
    return undefined;
  });

/** What stands behind `#` in the first link of a mail. */
export function tokenIn({ text = '' }: Pick<Email, 'text'>): string {
  const [, token] = /https?:\/\/[^\s#]+#(\S+)/.exec(text) ?? [];
  if (token === undefined) throw new Error(`There is no token in the mail: ${text}`);
  return token;
}
