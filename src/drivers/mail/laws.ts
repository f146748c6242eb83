import type { Email } from 'postal-mime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Mail, MailMessage } from './port.ts';

/** Where a driver sends to, for a suite. */
export interface Place {
  readonly mail: Mail;
  /** All mails that came there, as a mail program reads them, and as they were written. */
  received(): Promise<readonly (Email & { readonly raw: string })[]>;
  stop(): Promise<void>;
}

export const FROM = { name: 'Holdfast, files & more', address: 'files@example.com' };
export const never = new AbortController().signal;

let count = 0;
/** A mail that is like no other. */
export const someMail = (given: Partial<MailMessage> = {}): MailMessage => ({
  id: `mail-${++count}-${process.pid}`,
  to: 'ada@example.com',
  subject: 'Confirm your e-mail',
  text: 'Open http://127.0.0.1/verify-email#token\n',
  html: '<p>Open <a href="http://127.0.0.1/verify-email#token">this</a>.</p>',
  ...given,
});

/** What every driver of mail keeps. */
export function mailLaws(start: () => Promise<Place>): void {
  describe('mail', () => {
    let place: Place;
    beforeAll(async () => {
      place = await start();
    });
    afterAll(() => place.stop());

    const send = async (given: Partial<MailMessage> = {}) => {
      const message = someMail(given);
      expect(await place.mail.send(message, never)).toEqual({ kind: 'taken' });
      const found = (await place.received()).find(({ messageId }) => messageId === `<${message.id}@example.com>`);
      if (!found) throw new Error('It did not come.');
      return { message, found };
    };

    test('comes as it was given, whatever script it is written in', async () => {
      const { message, found } = await send({
        subject: `Überprüfe — 確認 🌱 ${'very long '.repeat(20).trim()}`,
        text: `Grüße 🌱\n${'a line that is long, '.repeat(100)}\n.\n..\nFrom here\n`,
        html: `<p>Grüße 🌱 ${'a line that is long, '.repeat(100)}</p>`,
      });
      expect(found.subject).toBe(message.subject);
      expect(found.from).toEqual(FROM);
      expect(found.to).toEqual([{ address: 'ada@example.com', name: '' }]);
      expect(found.text?.replaceAll('\r\n', '\n').trimEnd()).toBe(message.text.trimEnd());
      expect(found.html?.trim()).toBe(message.html);
      // Lines that servers refuse (RFC 5321, 4.5.3.1.6).
      expect(Math.max(...found.raw.split('\r\n').map((line) => Buffer.byteLength(line)))).toBeLessThan(999);
      expect(new Date(found.date ?? '').getTime()).toBeGreaterThan(Date.now() - 60_000);
    });

    test('says that it comes from a machine', async () => {
      const { found } = await send();
      const headers = new Map(found.headers.map(({ key, value }) => [key, value]));
      expect(headers.get('auto-submitted')).toBe('auto-generated');
    });

    test('that is sent again has the same name', async () => {
      const { message } = await send();
      expect(await place.mail.send(message, never)).toEqual({ kind: 'taken' });
      const ids = (await place.received()).map(({ messageId }) => messageId);
      expect(new Set(ids).has(`<${message.id}@example.com>`)).toBe(true);
    });

    test.each([
      { to: 'ada@example.com\r\nBcc: all@example.com' },
      { to: 'ada@example.com\nRCPT TO:<all@example.com>' },
      { to: 'ada@example.com, all@example.com' },
      { to: 'Ada <ada@example.com>' },
      { to: 'ada@example.com> SIZE=1' },
      { to: '"ada"@example.com' },
      { to: 'ada' },
      { to: '' },
      { subject: 'Hello\r\nBcc: all@example.com' },
      { subject: 'Hello\nX: y' },
      { subject: 'Hello\u2028there' },
      { subject: 'Hello\0' },
      { subject: 'x'.repeat(300) },
      { id: 'a@b>\r\nBcc: all@example.com' },
      { id: '../../secret' },
    ])('that could end a header or a command is refused for good: %j', async (given) => {
      const before = (await place.received()).length;
      expect(await place.mail.send(someMail(given), never)).toMatchObject({ kind: 'permanent' });
      expect(await place.received()).toHaveLength(before);
    });

    test('whose text looks like headers and commands is text', async () => {
      const { found } = await send({
        text: 'a\r\n.\r\nMAIL FROM:<x@y>\r\n\r\nBcc: all@example.com\r\n',
        html: '.\r\n.',
      });
      expect(found.text).toContain('MAIL FROM:<x@y>');
      expect(found.bcc ?? []).toEqual([]);
    });

    test('is given up when nobody waits any more', async () => {
      const gone = AbortSignal.abort(new Error('gone'));
      await expect(place.mail.send(someMail(), gone)).rejects.toThrow('gone');
    });

    test('can be asked whether it works', () => place.mail.probe(AbortSignal.timeout(10_000)));
  });
}
