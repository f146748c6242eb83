import { describe, expect, test } from 'vitest';
import { until } from '../../../../test/harness/until.ts';
import { newId } from '../../../base/ids.ts';
import { emailOf, type Ground } from './ground.ts';

/** Mails about files. */
export function digestLaws(ground: Ground): void {
  const mailsTo = (userId: string) => ground.sent.filter(({ to }) => to === emailOf(userId));
  const mailTo = (userId: string, count = 1) =>
    until(`mail ${count}`, () => (mailsTo(userId).length >= count ? mailsTo(userId)[count - 1] : undefined));
  const subscriber = (notifications = { uploads: true, failures: true }) => {
    const userId = newId();
    ground.subscribers.set(userId, notifications);
    return userId;
  };

  describe('mails about files', () => {
    test('tell of all that came within their time at once, and then of the next', async () => {
      const userId = subscriber();
      for (let n = 1; n <= 23; n++) await ground.file(userId, 'file.uploaded', { name: `photo-${n}.jpg` });
      await ground.start();
      const mail = await mailTo(userId);
      expect(mail?.subject).toBe('23 files were uploaded');
      expect(mail?.text).toContain('- photo-1.jpg\n');
      expect(mail?.text).toContain('- photo-10.jpg\n- and 13 more');
      await until('it to be done with', async () => (await ground.deliveries(userId))[0]?.state === 'sent');
      await ground.file(userId, 'file.uploaded', { name: 'later.jpg' });
      expect((await mailTo(userId, 2))?.subject).toBe('A file was uploaded');
      expect(mailsTo(userId)).toHaveLength(2);
    });

    test('are sent to those alone who want them', async () => {
      const [uploads, failures, both] = [
        subscriber({ uploads: true, failures: false }),
        subscriber({ uploads: false, failures: true }),
        subscriber(),
      ];
      const nobody = newId();
      await ground.start();
      for (const owner of [uploads, failures, nobody, 'customer-7', both]) {
        await ground.file(owner, 'file.uploaded', { name: 'a.jpg' });
        await ground.file(owner, 'file.processed', { state: 'done', name: 'a.jpg' });
        await ground.file(owner, 'file.processed', { state: 'failed', name: 'b.jpg' });
        await ground.file(owner, 'file.deleted', {});
      }
      await mailTo(both, 2);
      await Promise.all([mailTo(uploads), mailTo(failures)]);
      expect(mailsTo(uploads).map(({ subject }) => subject)).toEqual(['A file was uploaded']);
      expect(mailsTo(failures).map(({ subject }) => subject)).toEqual(['A file could not be processed']);
      expect(await ground.deliveries(nobody)).toEqual([]);
      expect(await ground.deliveries('customer-7')).toEqual([]);
    });

    test('show names as text, and nothing of them gets into a header', async () => {
      const userId = subscriber();
      await ground.start();
      await ground.file(userId, 'file.uploaded', {
        name: '<img src=x onerror=alert(1)>\r\nBcc: all@example.com \u202egpj.exe',
      });
      const mail = await mailTo(userId);
      expect(mail?.subject).toBe('A file was uploaded');
      expect(mail?.html).toContain('&lt;img src=x');
      expect(mail?.html).not.toContain('<img');
      for (const part of [mail?.text, mail?.html]) expect(part).not.toMatch(/\nBcc|\u202e/);
    });

    test('count each event once, whoever reads the log', async () => {
      const userId = subscriber();
      const instances = await Promise.all([ground.start(), ground.start()]);
      for (let n = 0; n < 40; n++) {
        await ground.file(userId, 'file.uploaded', { name: `${n}.jpg` });
        if (n === 20) await instances[0]?.stop();
      }
      const counted = async () =>
        (await ground.deliveries(userId)).reduce((sum, { data }) => sum + JSON.parse(data).count, 0);
      await until('all to be counted', async () => (await counted()) === 40);
    });
  });
}
