import { describe, expect, test } from 'vitest';
import { until } from '../../../../test/harness/until.ts';
import { newId } from '../../../base/ids.ts';
import { renderMetrics } from '../../../base/metrics.ts';
import type { MailMessage } from '../../../drivers/mail/port.ts';
import { emailOf, type Ground } from './ground.ts';

/** Mails about what happened to accounts, and how deliveries go. */
export function accountLaws(ground: Ground): void {
  const mailsTo = (userId: string): MailMessage[] => ground.sent.filter(({ to }) => to === emailOf(userId));
  const mailTo = (userId: string) => until('the mail', () => mailsTo(userId)[0]);
  const stateOf = async (userId: string) => (await ground.deliveries(userId))[0]?.state;
  const untilState = (userId: string, wanted: string) =>
    until(`the delivery to be ${wanted}`, async () => (await stateOf(userId)) === wanted);

  describe('mails about accounts', () => {
    test.each([
      [
        'email.verification_requested',
        'Confirm your e-mail address',
        /^https:\/\/files\.example\.com\/verify-email#secret/,
      ],
      ['password.reset_requested', 'Choose another password', /^https:\/\/files\.example\.com\/reset-password#secret/],
      ['sign_up.repeated', 'You have an account already', /^https:\/\/files\.example\.com\/reset-password#secret/],
      ['password.changed', 'Your password was changed', /^https:\/\/files\.example\.com\/reset-password$/],
      [
        'identity.linked',
        'There is another way to sign in to your account',
        /^https:\/\/files\.example\.com\/reset-password$/,
      ],
    ])('%s is told once, with its link', async (type, subject, link) => {
      const userId = newId();
      await ground.start();
      await ground.account(userId, type);
      const mail = await mailTo(userId);
      expect(mail).toMatchObject({ subject, link: expect.stringMatching(link) });
      for (const part of [mail.text, mail.html]) expect(part).toContain(mail.link);
      await untilState(userId, 'sent');
      expect(mailsTo(userId)).toHaveLength(1);
      // Neither whom it went to nor what opens its link was ever written down.
      expect(JSON.stringify(await ground.deliveries(userId))).not.toMatch(/secret|@/);
    });

    test('lead to the pages of an application that has some', async () => {
      const userId = newId();
      await ground.start({ passwordResetUrl: 'https://app.example.com/new-password?lang=en' });
      await ground.account(userId, 'password.reset_requested');
      expect((await mailTo(userId)).link).toMatch(/^https:\/\/app\.example\.com\/new-password\?lang=en#secret-token/);
    });

    test('what is not told, is long ago or is nobody’s makes none', async () => {
      const [userId, last] = [newId(), newId()];
      await ground.account(userId, 'user.created');
      await ground.account('', 'password.reset_requested');
      await ground.account(userId, 'password.changed', new Date(Date.now() - 25 * 3600_000));
      await ground.account(last, 'password.changed');
      await ground.start();
      await mailTo(last);
      expect(await ground.deliveries(userId)).toEqual([]);
      expect(await ground.deliveries('')).toEqual([]);
    });

    test('what happened while nobody listened is told, once, also where several do', async () => {
      const userIds = Array.from({ length: 30 }, () => newId());
      for (const userId of userIds) await ground.account(userId, 'password.changed');
      await Promise.all([ground.start(), ground.start(), ground.start()]);
      for (const userId of userIds) await mailTo(userId);
      await Promise.all(userIds.map((userId) => untilState(userId, 'sent')));
      for (const userId of userIds) expect(mailsTo(userId)).toHaveLength(1);
    });

    test('an instance that stops leaves the rest to the next', async () => {
      const [one, other] = [newId(), newId()];
      const first = await ground.start();
      await ground.account(one, 'password.changed');
      await mailTo(one);
      await first.stop();
      await ground.account(other, 'password.changed');
      await ground.start();
      await mailTo(other);
      expect(mailsTo(one)).toHaveLength(1);
    });

    test('while auth is away nothing is lost', async () => {
      const userId = newId();
      ground.away.auth = true;
      const stuck = await ground.start();
      await ground.account(userId, 'password.reset_requested');
      await stuck.stop();
      ground.away.auth = false;
      const taken = Promise.withResolvers<void>();
      ground.answerMails(() => {
        // From now on: the mail was written down, and is to be prepared again.
        ground.away.auth = true;
        taken.resolve();
        return { kind: 'transient', reason: 'not now' };
      });
      await ground.start();
      await taken.promise;
      await until('a try without auth', async () => (await ground.deliveries(userId))[0]?.reason === 'It is away.');
      ground.answerMails(undefined);
      ground.away.auth = false;
      await mailTo(userId);
    });
  });

  describe('a delivery', () => {
    test('that fails for now is tried again, and each try has a token of its own', async () => {
      const userId = newId();
      const links: (string | undefined)[] = [];
      ground.answerMails(({ link }) => {
        links.push(link);
        return links.length < 3 ? { kind: 'transient', reason: 'greylisted' } : { kind: 'taken' };
      });
      await ground.start();
      await ground.account(userId, 'password.reset_requested');
      await untilState(userId, 'sent');
      expect(new Set(links).size).toBe(3);
      expect((await ground.deliveries(userId))[0]).toMatchObject({ attempt: 3, reason: null, lease_token: null });
    });

    test('that fails for good is dead at once, with the reason', async () => {
      const userId = newId();
      let tries = 0;
      ground.answerMails(() => {
        tries++;
        return { kind: 'permanent', reason: '550 no such user' };
      });
      await ground.start();
      await ground.account(userId, 'password.changed');
      await untilState(userId, 'dead');
      expect((await ground.deliveries(userId))[0]?.reason).toBe('550 no such user');
      expect(tries).toBe(1);
      expect(await renderMetrics()).toMatch(/notifier_deliveries\{[^}]*state="dead"[^}]*\} [1-9]/);
    });

    test('that fails for now too often is dead', async () => {
      const userId = newId();
      ground.answerMails(() => ({ kind: 'transient', reason: 'busy' }));
      await ground.start();
      await ground.account(userId, 'password.changed');
      await untilState(userId, 'dead');
      expect((await ground.deliveries(userId))[0]).toMatchObject({ attempt: 5, reason: 'Tried 5 times: busy' });
    });

    test('of which nothing is to be told any more is obsolete', async () => {
      const userId = newId();
      ground.subscribers.set(userId, { uploads: true, failures: true });
      await ground.start({ digestWindow: 60_000 });
      await ground.file(userId, 'file.uploaded', { name: 'a.txt' });
      await until('the delivery', async () => (await ground.deliveries(userId)).length > 0);
      ground.subscribers.delete(userId);
      await ground.db.unit((tx) =>
        tx.updateTable('mail_deliveries').set({ due_at: 0 }).where('user_id', '=', userId).execute(),
      );
      await untilState(userId, 'obsolete');
    });

    test('of one that died in the middle of it is made by another, once its lease is over', async () => {
      const userId = newId();
      const hanging = Promise.withResolvers<never>();
      let begun = 0;
      ground.answerMails(() => {
        begun++;
        return begun === 1 ? hanging.promise : { kind: 'taken' };
      });
      await ground.start();
      await ground.account(userId, 'password.changed');
      await until('it to begin', () => begun === 1);
      await ground.start();
      const [row] = await ground.deliveries(userId);
      expect(row).toMatchObject({ state: 'queued', attempt: 1 });
      expect(row?.due_at).toBeGreaterThan(Date.now() + 60_000);
      expect(mailsTo(userId)).toEqual([]);
      await ground.db.unit((tx) =>
        tx.updateTable('mail_deliveries').set({ due_at: 0 }).where('user_id', '=', userId).execute(),
      );
      await mailTo(userId);
      await untilState(userId, 'sent');
      // The one that comes back writes nothing over it.
      hanging.reject(new Error('cut off'));
      await until('the mail to have gone out once', () => mailsTo(userId).length === 1);
      expect((await ground.deliveries(userId))[0]).toMatchObject({ state: 'sent', attempt: 2 });
    });

    test('that waits can be seen from outside', async () => {
      const userId = newId();
      ground.answerMails(() => ({ kind: 'transient', reason: 'busy' }));
      await ground.start({ retry: { base: 600_000, max: 600_000 } });
      await ground.account(userId, 'password.changed');
      await until('a try', async () => (await ground.deliveries(userId))[0]?.reason === 'busy');
      const metrics = await renderMetrics();
      expect(metrics).toMatch(/notifier_deliveries\{[^}]*state="queued"[^}]*\} [1-9]/);
      expect(metrics).toMatch(/notifier_deliveries_age_seconds\{[^}]*\} \d/);
      await ground.db.unit((tx) => tx.deleteFrom('mail_deliveries').where('user_id', '=', userId).execute());
    });
  });
}
