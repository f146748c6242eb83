import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { startRelay } from '../events/relay.ts';
import { type Callable, type Ground, later, outcome, someClient, someEmail } from './ground.ts';
import { useMailbox } from './mailbox.ts';

/** Who gets a mail: whoever asks for one, services that prepare it, and users who want to hear of their files. */
export function mailLaws(ground: Ground): void {
  const { notifier, events, latest, verifyLink, verify, askReset, askVerification } = useMailbox(ground);

  describe('asking for a mail', () => {
    test('answers and writes the same, whether there is such an account or not', async () => {
      const { id, email } = await ground.account();
      const nobody = await events('');
      expect(await askReset(email)).toEqual(await askReset(someEmail()));
      expect(await askVerification(email)).toEqual(await askVerification(someEmail()));
      const types = ['password.reset_requested', 'email.verification_requested'];
      expect((await events(id)).map(({ type }) => type).slice(-2)).toEqual(types);
      const unheard = (await events('')).slice(nobody.length);
      expect(unheard.map(({ type }) => type)).toEqual(types);
      for (const event of unheard) {
        expect((await ground.mail.prepareMail({ eventId: event.id }, notifier())).email).toBe('');
      }
      for (const wrong of ['', 'nobody', 'a@b@c', 'a@example.com\r\nBcc: b@example.com']) {
        expect(await outcome(askReset(wrong))).toBe('invalid_request');
      }
    });

    test('too often, it has to wait, for an account that is there as for one that is not', async () => {
      const { email } = await ground.account();
      const instances = [ground, ground.create()];
      const heard = async (address: string) => {
        const answers = [];
        for (let time = 0; time < 5; time++) {
          const { auth } = instances[time % 2] as Callable;
          const asked = { email: address, client: someClient() };
          const call =
            time < 3
              ? auth.requestPasswordReset(asked, ground.anonymous)
              : auth.requestEmailVerification(asked, ground.anonymous);
          answers.push(await call.catch(({ code, retryAfter }) => [code, retryAfter > 55]));
        }
        return answers;
      };
      const known = await heard(email);
      expect(known).toEqual([{}, {}, {}, ['too_many_requests', true], ['too_many_requests', true]]);
      expect(await heard(someEmail())).toEqual(known);
      expect(await outcome(later(61_000, () => askReset(email)))).toBe('done');
    });

    test('an address that asks for many has to wait', async () => {
      const client = someClient();
      const answers = [];
      for (let time = 0; time < 52; time++) answers.push(await outcome(askReset(someEmail(), client)));
      expect(answers.filter((answer) => answer === 'done')).toHaveLength(50);
      expect(answers.at(-1)).toBe('too_many_requests');
    });

    test('what is prepared is for services alone', async () => {
      const user = await ground.account();
      await askReset(user.email);
      const eventId = await latest(user.id, 'password.reset_requested');
      for (const context of [ground.asUser(user), ground.anonymous]) {
        expect(await outcome(ground.mail.prepareMail({ eventId }, context))).toBe('forbidden');
        expect(await outcome(ground.mail.listSubscribers({ userIds: [user.id] }, context))).toBe('forbidden');
      }
    });

    test('the log of events tells of it, and holds no address', async () => {
      const { id, email } = await ground.account();
      await askReset(email);
      const relay = startRelay({ db: ground.db, broker: ground.broker, log: pino({ level: 'silent' }) });
      try {
        const last = async () => {
          const log = await ground.events.readAccountEvents({ after: 0, limit: 1000 }, notifier());
          return log.events.filter(({ userId }) => userId === id).at(-1);
        };
        await expect.poll(last).toMatchObject({ type: 'password.reset_requested', data: {} });
      } finally {
        await relay.stop();
      }
    });
  });

  describe('mails about files', () => {
    test('are for who wants them', async () => {
      const [user, other] = [await ground.account(), await ground.account()];
      expect(user.notifications).toEqual({ uploads: false, failures: false });
      const change = (notifications: object) => ground.auth.updateUser({ notifications }, ground.asUser(user));
      const of = async (...ids: string[]) =>
        (await ground.mail.listSubscribers({ userIds: ids }, notifier())).subscribers;
      expect(await of(user.id, other.id)).toEqual([]);
      expect((await change({ uploads: true })).user?.notifications).toEqual({ uploads: true, failures: false });
      expect((await change({ failures: true })).user?.notifications).toEqual({ uploads: true, failures: true });
      // Nobody has confirmed that the address is theirs.
      expect(await of(user.id)).toEqual([]);
      await askVerification(user.email);
      expect(await verify((await verifyLink(user.id)).token)).toBe('done');
      const both = { uploads: true, failures: true };
      expect(await of(user.id, other.id, 'customer-7')).toEqual([
        { userId: user.id, email: user.email, notifications: both },
      ]);
      await ground.admin.setDisabled({ userId: user.id, disabled: true }, ground.asUser(await ground.adminAccount()));
      expect(await of(user.id)).toEqual([]);
      expect(await outcome(ground.mail.listSubscribers({ userIds: Array(1001).fill('x') }, notifier()))).toBe(
        'invalid_request',
      );
      expect(await outcome(ground.auth.updateUser({}, ground.anonymous))).toBe('unauthenticated');
    });
  });
}
