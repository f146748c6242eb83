import { describe, expect, test, vi } from 'vitest';
import { newId } from '../../../base/ids.ts';
import { createPasswordHashing } from '../hashing/index.ts';
import type { AuthOptions } from '../index.ts';
import { type Ground, outcome, PASSWORD as password, someClient, someEmail } from './ground.ts';

/** Signing up and logging in with a password. */
export function signInLaws(ground: Ground): void {
  describe('sign-up', () => {
    test('makes an account in its normal form, and keeps no password', async () => {
      const { auth, db, anonymous } = ground;
      const before = Date.now();
      const { user } = await auth.signUp({ email: ' Zoë@Example.COM', password, name: ' Zoe\u0308 ' }, anonymous);
      expect(user).toMatchObject({ email: 'zoë@example.com', name: 'Zoë', emailVerified: false, hasPassword: true });
      expect(user?.createdAt?.getTime()).toBeGreaterThanOrEqual(before);
      const rows = await db.reader.selectFrom('users').selectAll().execute();
      expect(JSON.stringify(rows)).not.toContain(password);
    });

    test('an e-mail is taken once, however it is written', async () => {
      await ground.account('josé@example.com');
      for (const email of ['josé@example.com', 'JOSE\u0301@EXAMPLE.com']) {
        expect(await outcome(ground.auth.signUp({ email, password }, ground.anonymous))).toBe('email_taken');
      }
    });

    test('of several at once one gets it', async () => {
      const email = `${newId()}@example.com`;
      const all = [1, 2, 3, 4].map(() => outcome(ground.auth.signUp({ email, password }, ground.anonymous)));
      expect((await Promise.all(all)).sort()).toEqual(['done', 'email_taken', 'email_taken', 'email_taken']);
    });

    test.each([
      ['email', { email: 'nobody', password }],
      ['password', { email: 'a@example.com', password: 'short' }],
      ['password', { email: 'a@example.com', password: 'tidal lamp '.repeat(7) }],
      ['password', { email: 'a@example.com', password: 'P@ssw0rd2026!' }],
      ['password', { email: 'grace.hopper@example.com', password: 'Grace.Hopper1' }],
      ['name', { email: 'a@example.com', password, name: 'Ada\r\nBcc: all@example.com' }],
      ['name', { email: 'a@example.com', password, name: 'x'.repeat(201) }],
    ])('says that the %s is wrong', async (path, request) => {
      await expect(ground.auth.signUp(request, ground.anonymous)).rejects.toMatchObject({
        code: 'invalid_request',
        fields: [{ path }],
      });
    });

    test('closed, it says so', async () => {
      const { auth } = ground.create({ signup: 'closed' });
      expect(await outcome(auth.signUp({ email: 'a@example.com', password }, ground.anonymous))).toBe('forbidden');
    });

    test('by invitation, each is good once, and for its e-mail', async () => {
      const { auth, admin } = ground.create({ signup: 'invite' });
      const boss = ground.asUser(await ground.adminAccount());
      const [email, other] = [`${newId()}@example.com`, `${newId()}@example.com`];
      const { token, invitation } = await admin.createInvitation({ email: email.toUpperCase() }, boss);
      expect(invitation?.email).toBe(email);
      const signUp = (address: string, given?: string) =>
        outcome(auth.signUp({ email: address, password, invitation: given }, ground.anonymous));
      expect(await signUp(email)).toBe('forbidden');
      expect(await signUp(other, token)).toBe('forbidden');
      const twice = await Promise.all([signUp(email, token), signUp(email, token)]);
      expect(twice.filter((result) => result === 'done')).toHaveLength(1);
      expect(await signUp(other, token)).toBe('forbidden');

      const open = await admin.createInvitation({}, boss);
      await admin.revokeInvitation({ invitationId: open.invitation?.id ?? '' }, boss);
      expect(await signUp(other, open.token)).toBe('forbidden');
      const third = await admin.createInvitation({}, boss);
      const { invitations } = await admin.listInvitations({}, boss);
      expect(invitations.map(({ id }) => id)).toEqual([third.invitation?.id]);
      expect(JSON.stringify(await ground.db.reader.selectFrom('invitations').selectAll().execute())).not.toContain(
        token,
      );
      expect(await signUp(other, third.token)).toBe('done');
    });

    test('does not tell an address of many e-mails which have an account', async () => {
      const { email } = await ground.account();
      const client = someClient();
      const ask = () => outcome(ground.auth.signUp({ email, password, client }, ground.anonymous));
      const heard = [];
      for (let time = 0; time < 41; time++) heard.push(await ask());
      expect(heard[0]).toBe('email_taken');
      expect(heard.at(-1)).toBe('too_many_requests');
      const elsewhere = { email, password, client: someClient() };
      expect(await outcome(ground.auth.signUp(elsewhere, ground.anonymous))).toBe('email_taken');
    });
  });

  describe('log-in', () => {
    test('gives a token for the account, whichever way the e-mail is written', async () => {
      const { auth, anonymous } = ground;
      const user = await ground.account();
      const answer = await auth.logIn({ email: ` ${user.email.toUpperCase()}`, password }, anonymous);
      expect(answer.user).toEqual(user);
      expect(answer.expiresIn).toBe(900);
      const { userId, expiresAt } = await auth.authenticate({ token: answer.accessToken }, anonymous);
      expect(userId).toBe(user.id);
      expect(Math.abs((expiresAt?.getTime() ?? 0) - Date.now() - 900_000)).toBeLessThan(60_000);
    });

    test('takes a password of exactly 72 bytes, and not one that only begins with it', async () => {
      const { auth, anonymous } = ground;
      const email = `${newId()}@example.com`;
      const longest = 'tidal lamp purple frost '.repeat(3);
      expect(longest).toHaveLength(72);
      await auth.signUp({ email, password: longest }, anonymous);
      await expect(auth.logIn({ email, password: longest }, anonymous)).resolves.toBeDefined();
      expect(await outcome(auth.logIn({ email, password: `${longest}p` }, anonymous))).toBe('wrong_credentials');
    });

    test('answers the same whatever is wrong', async () => {
      const { auth, hashing, anonymous, db } = ground;
      const [{ email }, disabled, passwordless] = [
        await ground.account(),
        await ground.account(),
        await ground.account(),
      ];
      await db.unit((tx) => tx.updateTable('users').set({ disabled_at: 1 }).where('id', '=', disabled.id).execute());
      await db.unit((tx) =>
        tx.updateTable('users').set({ password_hash: '' }).where('id', '=', passwordless.id).execute(),
      );
      const hashed = vi.spyOn(hashing, 'matches');
      const answers = await Promise.all(
        [
          { email, password: 'another lamp entirely' },
          { email, password: '' },
          { email, password: 'x'.repeat(10_000) },
          { email: 'nobody@example.com', password },
          { email: 'not an e-mail', password },
          { email: '', password: '' },
          { email: disabled.email, password },
          { email: passwordless.email, password: '' },
        ].map((request) => auth.logIn(request, anonymous).catch(({ code, detail }) => ({ code, detail }))),
      );
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect(answers[0]).toMatchObject({ code: 'wrong_credentials' });
      // The same time, too: each was hashed.
      expect(hashed).toHaveBeenCalledTimes(answers.length);
      hashed.mockRestore();
    });

    test('waits longer and longer after failures, for an account that is there as for one that is not', async () => {
      const { auth, anonymous } = ground;
      const { email } = await ground.account();
      const guess = (address: string, guessed: string) =>
        auth.logIn({ email: address, password: guessed, client: someClient() }, anonymous);
      const waits = async (address: string) => {
        const heard = [];
        for (let time = 0; time < 6; time++) {
          heard.push(await guess(address, 'a wrong one, again').catch(({ code, retryAfter }) => [code, retryAfter]));
        }
        return heard;
      };
      vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
      try {
        const known = await waits(email);
        expect(known).toEqual([...Array(5).fill(['wrong_credentials', undefined]), ['too_many_requests', 1]]);
        expect(await waits(`${newId()}@example.com`)).toEqual(known);
        // Locked is locked, also for the right password: otherwise guessing would go on.
        expect(await outcome(guess(email, password))).toBe('too_many_requests');

        vi.setSystemTime(Date.now() + 1_500);
        expect(await outcome(guess(email, 'a wrong one, again'))).toBe('wrong_credentials');
        const locked = await guess(email, password).catch((error) => error);
        expect(locked).toMatchObject({ code: 'too_many_requests', retryAfter: 2 });
        vi.setSystemTime(Date.now() + 2_500);
        expect(await outcome(guess(email, password))).toBe('done');
        // Who knows the password starts afresh.
        expect(await outcome(guess(email, 'a wrong one, again'))).toBe('wrong_credentials');
        expect(await outcome(guess(email, password))).toBe('done');
      } finally {
        vi.useRealTimers();
      }
    });

    test('many guesses at once are counted one by one, by all instances together', async () => {
      const { anonymous } = ground;
      const { email } = await ground.account();
      const instances = [ground, ground.create()];
      vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
      const all = Array.from({ length: 20 }, (_, n) =>
        outcome((instances[n % 2] as Ground).auth.logIn({ email, password: `wrong lamp ${n}` }, anonymous)),
      );
      const results = await Promise.all(all).finally(() => vi.useRealTimers());
      expect(results.filter((result) => result === 'wrong_credentials')).toHaveLength(5);
      expect(results.filter((result) => result === 'too_many_requests')).toHaveLength(15);
    });

    test('an address that tries many accounts waits; of IPv6 the whole network', async () => {
      const { auth, anonymous } = ground;
      const network = `2001:db8:${Math.floor(Math.random() * 65535).toString(16)}:7`;
      const results: string[] = [];
      const tryMany = async () => {
        for (let time = 0; time < 102; time++) {
          const client = { address: `${network}::${time.toString(16)}`, userAgent: '' };
          results.push(await outcome(auth.logIn({ email: `${newId()}@example.com`, password, client }, anonymous)));
        }
      };
      vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
      await tryMany().finally(() => vi.useRealTimers());
      expect(results.filter((result) => result === 'wrong_credentials')).toHaveLength(100);
      expect(results.at(-1)).toBe('too_many_requests');
      const next = { address: `${network.slice(0, -1)}8::1`, userAgent: '' };
      const elsewhere = { email: `${newId()}@example.com`, password, client: next };
      expect(await outcome(auth.logIn(elsewhere, anonymous))).toBe('wrong_credentials');
    });

    describe('while the server is asked for too much', () => {
      /** Which turns everybody away. */
      const full = (options: Partial<AuthOptions> = {}) =>
        ground.create({ ...options, hashing: createPasswordHashing({ concurrency: 0, queue: 0 }) }).auth;
      const attempts = async (call: () => Promise<unknown>) => {
        for (let time = 0; time < 30; time++) expect(await outcome(call())).toBe('too_many_requests');
      };

      test('what is turned away is no failure', async () => {
        const user = await ground.account();
        const [auth, client] = [full(), someClient()];
        const credentials = { email: user.email, password, client };
        const change = { currentPassword: password, newPassword: 'orbit velvet nine canoe', client };
        await attempts(() => auth.logIn(credentials, ground.anonymous));
        await attempts(() => auth.createSession(credentials, ground.anonymous));
        await attempts(() => auth.changePassword(change, ground.asUser(user)));
        await attempts(() => auth.signUp({ ...credentials, email: someEmail() }, ground.anonymous));
        const signUp = { ...credentials, email: someEmail() };
        const required = { emailVerification: 'required' } as const;
        await attempts(() => full(required).signUp(signUp, ground.anonymous));
        expect(await outcome(ground.create(required).auth.signUp(signUp, ground.anonymous))).toBe('done');
        expect(await outcome(ground.auth.logIn(credentials, ground.anonymous))).toBe('done');
        expect(await outcome(ground.auth.changePassword(change, ground.asUser(user)))).toBe('done');
      });

      test('and forgives none', async () => {
        const user = await ground.account();
        const guess = () => ground.auth.logIn({ email: user.email, password: 'a wrong one, again' }, ground.anonymous);
        const unchecked = () => attempts(() => full().logIn({ email: user.email, password }, ground.anonymous));
        vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
        try {
          for (let time = 0; time < 4; time++) expect(await outcome(guess())).toBe('wrong_credentials');
          await unchecked();
          expect(await outcome(guess())).toBe('wrong_credentials');
          expect(await outcome(guess())).toBe('too_many_requests');
          vi.setSystemTime(Date.now() + 1_500);
          await unchecked();
          expect(await outcome(guess())).toBe('wrong_credentials');
          const locked = await guess().catch((error) => error);
          expect(locked).toMatchObject({ code: 'too_many_requests', retryAfter: 2 });
        } finally {
          vi.useRealTimers();
        }
      });
    });

    test('the counters keep no e-mail', async () => {
      const email = `${newId()}@example.com`;
      await outcome(ground.auth.logIn({ email, password }, ground.anonymous));
      const rows = await ground.db.reader.selectFrom('sign_in_attempts').selectAll().execute();
      expect(JSON.stringify(rows)).not.toContain(email);
    });
  });

  describe('getUser', () => {
    test('shows users themselves, and to services everybody', async () => {
      const user = await ground.account();
      for (const context of [ground.asUser(user), ground.as({ kind: 'service', name: 'gateway' })]) {
        expect(await ground.auth.getUser({ userId: user.id }, context)).toEqual({ user });
      }
    });

    test('of others nobody hears that they are there', async () => {
      const [one, other] = [await ground.account(), await ground.account()];
      const me = ground.asUser(one);
      const strangers = await Promise.all(
        [other.id, newId(), 'none'].map((userId) =>
          ground.auth.getUser({ userId }, me).catch(({ code, detail }) => ({ code, detail })),
        ),
      );
      expect(new Set(strangers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect(strangers[0]).toMatchObject({ code: 'not_found' });
      expect(await outcome(ground.auth.getUser({ userId: one.id }, ground.anonymous))).toBe('unauthenticated');
    });
  });

  describe('updateUser', () => {
    test('gives oneself a name, and takes it away', async () => {
      const [user, other] = [await ground.account(), await ground.account()];
      const change = (name?: string) => ground.auth.updateUser({ name }, ground.asUser(user));
      expect(await change('  Ada   King ')).toEqual({ user: { ...user, name: 'Ada   King' } });
      expect(await change()).toEqual({ user: { ...user, name: 'Ada   King' } });
      for (const name of ['Ada\r\nBcc: eve@example.com', 'a'.repeat(201)]) {
        expect(await outcome(change(name))).toBe('invalid_request');
      }
      expect(await ground.auth.getUser({ userId: other.id }, ground.asUser(other))).toEqual({ user: other });
      expect(await change('')).toEqual({ user: { ...user, name: undefined } });
    });
  });
}
