import { pino } from 'pino';
import { describe, expect, test, vi } from 'vitest';
import { newId } from '../../../base/ids.ts';
import { Role } from '../../../contract/holdfast/v1/auth.ts';
import { startRelay } from '../events/relay.ts';
import { type Callable, type Ground, PASSWORD as password, someClient } from './ground.ts';

const NEW_PASSWORD = 'quiet river seven stones';

/** What leads through a mailbox: confirming an e-mail, choosing another password, signing up where that is required. */
export function mailLaws(ground: Ground): void {
  const outcome = (call: Promise<unknown>) => call.then(() => 'done').catch(({ code }) => code);
  const notifier = () => ground.as({ kind: 'service', name: 'notifier' });
  const someEmail = () => `${newId()}@example.com`;

  /** Events of an account (`''`: of nobody), first to last. */
  const events = (userId: string) =>
    ground.db.reader
      .selectFrom('auth_outbox')
      .select(['id', 'type', 'data'])
      .where('user_id', '=', userId)
      .orderBy('id')
      .execute();
  const latest = async (userId: string, type: string) => {
    const found = (await events(userId)).filter((event) => event.type === type).at(-1);
    if (!found) throw new Error(`There is no ${type}.`);
    return found.id;
  };
  const prepared = async (userId: string, type: string) =>
    ground.mail.prepareMail({ eventId: await latest(userId, type) }, notifier());
  const verifyLink = (userId: string) => prepared(userId, 'email.verification_requested');
  const resetLink = (userId: string) => prepared(userId, 'password.reset_requested');
  const logIn = (email: string, given = password, service: Callable = ground) =>
    service.auth.logIn({ email, password: given, client: someClient() }, ground.anonymous);
  const verify = (token: string) => outcome(ground.auth.verifyEmail({ token }, ground.anonymous));
  const reset = (token: string, newPassword = NEW_PASSWORD) =>
    outcome(ground.auth.resetPassword({ token, newPassword }, ground.anonymous));
  const askReset = (email: string, client = someClient()) =>
    ground.auth.requestPasswordReset({ email, client }, ground.anonymous);
  const askVerification = (email: string) =>
    ground.auth.requestEmailVerification({ email, client: someClient() }, ground.anonymous);
  const later = async <R>(milliseconds: number, work: () => Promise<R>): Promise<R> => {
    vi.useFakeTimers({ now: Date.now() + milliseconds, toFake: ['Date'] });
    return work().finally(() => vi.useRealTimers());
  };
  const altered = (token: string) => [
    '',
    token.slice(0, -1),
    `${token}0`,
    token.replace(/^hf./, 'hfs'),
    token.replace(/^(.{10})./, (_, head) => `${head}${token[10] === 'A' ? 'B' : 'A'}`),
  ];

  test('whoever signed up with an e-mail of somebody else keeps nothing once its reader has chosen a password', async () => {
    const user = await ground.account();
    const tokenOf = () => ground.auth.createApiToken({ name: 'ci', scopes: ['jobs'], userId: '' }, ground.asUser(user));
    const who = (token: string) => outcome(ground.auth.authenticate({ token }, ground.anonymous));
    const planted = (await tokenOf()).token;
    await askReset(user.email);
    expect(await reset((await resetLink(user.id)).token)).toBe('done');
    expect(await who(planted)).toBe('unauthenticated');
    // From then on the account is the reader's, with what it has.
    const { token } = await tokenOf();
    await askReset(user.email);
    expect(await reset((await resetLink(user.id)).token, 'seven rivers quiet stone')).toBe('done');
    expect(await who(token)).toBe('done');
  });

  describe('confirming an e-mail', () => {
    test('its token is made for the mail, kept as a hash, and good once', async () => {
      const user = await ground.account();
      await askVerification(user.email.toUpperCase());
      expect(await ground.db.reader.selectFrom('email_verifications').selectAll().execute()).toEqual([]);
      const { email, token, expiresAt } = await verifyLink(user.id);
      expect(email).toBe(user.email);
      expect(Math.abs((expiresAt?.getTime() ?? 0) - Date.now() - 24 * 3600_000)).toBeLessThan(60_000);
      const kept = await ground.db.reader.selectFrom('email_verifications').selectAll().execute();
      expect(kept).toHaveLength(1);
      expect(JSON.stringify([kept, await events(user.id)])).not.toContain(token);
      for (const bad of altered(token)) expect(await verify(bad)).toBe('token_invalid');
      expect(await reset(token)).toBe('token_invalid');

      const all = await Promise.all([verify(token), verify(token), verify(token)]);
      expect(all.sort()).toEqual(['done', 'token_invalid', 'token_invalid']);
      const answer = await ground.auth.getUser({ userId: user.id }, ground.asUser(user));
      expect(answer.user?.emailVerified).toBe(true);
      expect((await verifyLink(user.id)).email).toBe('');
    });

    test('of a mail that was sent twice, either link does, and then neither', async () => {
      const user = await ground.account();
      await askVerification(user.email);
      const [one, other] = [await verifyLink(user.id), await verifyLink(user.id)];
      expect(one.token).not.toBe(other.token);
      expect(await verify(one.token)).toBe('done');
      expect(await verify(other.token)).toBe('token_invalid');
    });

    test('expires, and is for the address that it was sent to', async () => {
      const [late, moved] = [await ground.account(), await ground.account()];
      for (const { email } of [late, moved]) await askVerification(email);
      const { token } = await verifyLink(late.id);
      expect(await later(24 * 3600_000 + 1, () => verify(token))).toBe('token_invalid');
      const sent = await verifyLink(moved.id);
      await ground.db.unit((tx) =>
        tx.updateTable('users').set({ email: someEmail() }).where('id', '=', moved.id).execute(),
      );
      expect(await verify(sent.token)).toBe('token_invalid');
    });
  });

  describe('another password by mail', () => {
    test('ends all sessions and all links, confirms the address, lifts a lock, and tells', async () => {
      const user = await ground.account();
      const { accessToken, refreshToken } = await logIn(user.email);
      await ground.auth.createSession({ email: user.email, password, client: someClient() }, ground.anonymous);
      for (let time = 0; time < 6; time++) await outcome(logIn(user.email, 'a wrong one, again'));
      expect(await outcome(logIn(user.email))).toBe('too_many_requests');
      await askReset(user.email);
      const [{ token, email }, second] = [await resetLink(user.id), await resetLink(user.id)];
      expect(email).toBe(user.email);

      expect(await reset(token, 'short')).toBe('invalid_request');
      expect(await reset(token, 'P@ssw0rd2026!')).toBe('invalid_request');
      for (const bad of altered(token)) expect(await reset(bad)).toBe('token_invalid');
      expect(await verify(token)).toBe('token_invalid');
      expect(await reset(token)).toBe('done');
      for (const used of [token, second.token]) expect(await reset(used)).toBe('token_invalid');

      expect(await outcome(ground.auth.authenticate({ token: accessToken }, ground.anonymous))).toBe('unauthenticated');
      expect(await outcome(ground.auth.refresh({ refreshToken }, ground.anonymous))).toBe('unauthenticated');
      expect((await ground.auth.listSessions({}, ground.asUser(user))).sessions).toEqual([]);
      expect(await outcome(logIn(user.email))).toBe('wrong_credentials');
      expect((await logIn(user.email, NEW_PASSWORD)).user?.emailVerified).toBe(true);
      expect(await prepared(user.id, 'password.changed')).toMatchObject({ email: user.email, token: '' });
      const trail = await ground.db.reader
        .selectFrom('audit')
        .select('action')
        .where('target_id', '=', user.id)
        .execute();
      expect(trail.map(({ action }) => action)).toEqual(
        expect.arrayContaining(['password.reset_requested', 'password.reset']),
      );
    });

    test('that was changed is told to an address that is confirmed, and to no other', async () => {
      const user = await ground.account();
      const change = (currentPassword: string, newPassword: string) =>
        ground.auth.changePassword({ currentPassword, newPassword }, ground.asUser(user));
      await change(password, NEW_PASSWORD);
      expect(await prepared(user.id, 'password.changed')).toMatchObject({ email: '' });
      await askVerification(user.email);
      expect(await verify((await verifyLink(user.id)).token)).toBe('done');
      await change(NEW_PASSWORD, password);
      expect(await prepared(user.id, 'password.changed')).toMatchObject({ email: user.email });
    });

    test('of several at once one gets through', async () => {
      const user = await ground.account();
      await askReset(user.email);
      const { token } = await resetLink(user.id);
      const all = await Promise.all([reset(token), reset(token), reset(token)]);
      expect(all.sort()).toEqual(['done', 'token_invalid', 'token_invalid']);
    });

    test('expires after an hour, and with a password that was changed meanwhile', async () => {
      const [late, changed] = [await ground.account(), await ground.account()];
      for (const { email } of [late, changed]) await askReset(email);
      const { token } = await resetLink(late.id);
      expect(await later(3600_000 + 1, () => reset(token))).toBe('token_invalid');
      const sent = await resetLink(changed.id);
      const request = { currentPassword: password, newPassword: 'yet another lamp, green' };
      await ground.auth.changePassword(request, ground.asUser(changed));
      expect(await reset(sent.token)).toBe('token_invalid');
    });

    test('gives an account its first one', async () => {
      const user = await ground.account();
      await ground.db.unit((tx) =>
        tx.updateTable('users').set({ password_hash: '' }).where('id', '=', user.id).execute(),
      );
      await askReset(user.email);
      expect(await reset((await resetLink(user.id)).token)).toBe('done');
      expect((await logIn(user.email, NEW_PASSWORD)).user?.hasPassword).toBe(true);
    });

    test('is not for an account that is disabled or deleted, nor asked for long ago', async () => {
      const [disabled, deleted, old, boss] = [
        await ground.account(),
        await ground.account(),
        await ground.account(),
        ground.asUser(await ground.adminAccount()),
      ];
      const users = [disabled, deleted, old];
      for (const { email } of users) await askReset(email);
      const links = await Promise.all(users.map(({ id }) => resetLink(id)));
      await ground.admin.setDisabled({ userId: disabled.id, disabled: true }, boss);
      await ground.admin.deleteUser({ userId: deleted.id }, boss);
      expect(await reset(links[0]?.token ?? '')).toBe('token_invalid');
      expect(await reset(links[1]?.token ?? '')).toBe('token_invalid');
      for (const { id } of [disabled, deleted]) expect((await resetLink(id)).email).toBe('');
      expect((await later(25 * 3600_000, () => resetLink(old.id))).email).toBe('');
      expect(await ground.mail.prepareMail({ eventId: newId() }, notifier())).toMatchObject({ email: '', token: '' });
    });
  });

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
        await vi.waitFor(
          async () => {
            const log = await ground.events.readAccountEvents({ after: 0, limit: 1000 }, notifier());
            const mine = log.events.filter(({ userId }) => userId === id);
            expect(mine.at(-1)).toMatchObject({ type: 'password.reset_requested', data: {} });
          },
          { timeout: 60_000 },
        );
      } finally {
        await relay.stop();
      }
    });
  });

  describe('where e-mails have to be confirmed', () => {
    const required = () => ground.create({ emailVerification: 'required' });
    const signUp = (service: Callable, email: string, given = password) =>
      service.auth.signUp({ email, password: given, client: someClient() }, ground.anonymous);
    const idOf = async (email: string) =>
      (await ground.db.reader.selectFrom('users').select('id').where('email', '=', email).executeTakeFirst())?.id ?? '';

    test('sign-up answers the same and works as hard, whether there is an account or not', async () => {
      const service = required();
      const { id, email } = await ground.account();
      const fresh = someEmail();
      const hashed = [vi.spyOn(ground.hashing, 'matches'), vi.spyOn(ground.hashing, 'hash')];
      expect(await signUp(service, email)).toEqual(await signUp(service, fresh));
      for (const spy of hashed) {
        expect(spy).toHaveBeenCalledTimes(1);
        spy.mockRestore();
      }
      expect((await events(id)).at(-1)?.type).toBe('sign_up.repeated');
      const types = (await events(await idOf(fresh))).map(({ type }) => type);
      expect(types).toEqual(['user.created', 'email.verification_requested']);
      expect((await logIn(email)).user?.id).toBe(id);
      const wrong = { email: someEmail(), password: 'short' };
      expect(await outcome(service.auth.signUp(wrong, ground.anonymous))).toBe('invalid_request');
    });

    test('one logs in after confirming, and only who knows the password hears of it before', async () => {
      const service = required();
      const email = someEmail();
      await signUp(service, email);
      expect(await outcome(logIn(email, 'a wrong one, again', service))).toBe('wrong_credentials');
      expect(await outcome(logIn(email, password, service))).toBe('email_unverified');
      const web = { email, password, client: someClient() };
      expect(await outcome(service.auth.createSession(web, ground.anonymous))).toBe('email_unverified');
      expect(await verify((await verifyLink(await idOf(email))).token)).toBe('done');
      expect((await logIn(email, password, service)).user?.emailVerified).toBe(true);
    });

    test('whoever had an account before confirms it when it becomes required, and not before', async () => {
      const { email, id } = await ground.account();
      expect(await outcome(logIn(email))).toBe('done');
      expect(await outcome(logIn(email, password, required()))).toBe('email_unverified');
      await askVerification(email);
      expect(await verify((await verifyLink(id)).token)).toBe('done');
      expect(await outcome(logIn(email, password, required()))).toBe('done');
    });

    test('a password that a stranger chose for an address opens nothing that its reader makes of it', async () => {
      const service = required();
      const email = someEmail();
      await signUp(service, email, 'the stranger chose this');
      await signUp(service, email, password);
      const id = await idOf(email);
      const { token } = await prepared(id, 'sign_up.repeated');
      expect(await reset(token, password)).toBe('done');
      expect(await outcome(logIn(email, 'the stranger chose this', service))).toBe('wrong_credentials');
      expect(await outcome(logIn(email, password, service))).toBe('done');
    });

    test('of two passwords that were chosen before it is confirmed neither opens it, by whichever mail', async () => {
      const service = required();
      const email = someEmail();
      await signUp(service, email, 'the stranger chose this');
      const { token } = await verifyLink(await idOf(email));
      await signUp(service, email, password);
      const { data } = await ground.db.reader
        .selectFrom('audit')
        .select('data')
        .where('target_id', '=', await idOf(email))
        .where('action', '=', 'sign_up.repeated')
        .executeTakeFirstOrThrow();
      expect(JSON.parse(data)).toEqual({ passwordDropped: true });
      expect(await verify(token)).toBe('done');
      expect(await outcome(logIn(email, 'the stranger chose this', service))).toBe('wrong_credentials');
      expect(await outcome(logIn(email, password, service))).toBe('wrong_credentials');
    });

    test('whoever signs up twice with the same password, or was there before, keeps it', async () => {
      const service = required();
      const email = someEmail();
      await signUp(service, email);
      await signUp(service, email);
      expect(await outcome(logIn(email, password, service))).toBe('email_unverified');
      const earlier = await ground.account();
      await logIn(earlier.email);
      await signUp(service, earlier.email, 'the stranger chose this');
      expect(await outcome(logIn(earlier.email))).toBe('done');
    });

    test('of several sign-ups at once one makes the account', async () => {
      const service = required();
      const email = someEmail();
      await Promise.all([signUp(service, email), signUp(service, email), signUp(service, email)]);
      const types = (await events(await idOf(email))).map(({ type }) => type).toSorted();
      const once = ['email.verification_requested', 'sign_up.repeated', 'sign_up.repeated', 'user.created'];
      expect(types).toEqual(once);
    });

    test('an invitation is used up by the account that it makes', async () => {
      const service = ground.create({ emailVerification: 'required', signup: 'invite' });
      const boss = ground.asUser(await ground.adminAccount());
      const { token: invitation } = await service.admin.createInvitation({}, boss);
      const { email: taken } = await ground.account();
      const by = (email: string) => outcome(service.auth.signUp({ email, password, invitation }, ground.anonymous));
      expect(await by(taken)).toBe('done');
      expect(await by(someEmail())).toBe('done');
      expect(await by(someEmail())).toBe('forbidden');
    });

    test('an admin vouches for the accounts that admins make', async () => {
      const service = required();
      const email = someEmail();
      await service.admin.createUser({ email, password, role: Role.USER }, ground.asUser(await ground.adminAccount()));
      expect((await logIn(email, password, service)).user?.emailVerified).toBe(true);
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
