import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { newId } from '../../../base/ids.ts';
import { CredentialKind, SessionKind } from '../../../contract/holdfast/v1/auth.ts';
import { secretKey } from '../index.ts';
import { type Ground, later, outcome, PASSWORD as password, someClient } from './ground.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Access tokens, refresh tokens and web sessions. */
export function sessionLaws(ground: Ground): void {
  const logIn = ({ email }: { readonly email: string }) => ground.auth.logIn({ email, password }, ground.anonymous);
  const webSession = ({ email }: { readonly email: string }, replaces?: string) =>
    ground.auth.createSession({ email, password, client: someClient('Browser/1.0'), replaces }, ground.anonymous);
  const who = (token: string) => ground.auth.authenticate({ token }, ground.anonymous);
  const refresh = (refreshToken: string) => ground.auth.refresh({ refreshToken }, ground.anonymous);

  describe('authenticate', () => {
    test('refuses what another key signed, though the account is there', async () => {
      const { email } = await ground.account();
      const other = ground.create({ signingKeys: secretKey(randomBytes(32)) });
      const { accessToken } = await other.auth.logIn({ email, password }, ground.anonymous);
      expect(await outcome(who(accessToken))).toBe('unauthenticated');
    });

    test('says what a credential is, and what it may', async () => {
      const user = await ground.account();
      const { accessToken } = await logIn(user);
      const { token, session } = await webSession(user);
      const scopes = ['files:read', 'files:write', 'files:delete', 'jobs', 'account'];
      expect(await who(accessToken)).toMatchObject({ kind: CredentialKind.ACCESS_TOKEN, scopes });
      expect(await who(token)).toMatchObject({
        kind: CredentialKind.SESSION,
        credentialId: session?.id,
        userId: user.id,
        scopes,
      });
    });

    test('refuses everything of an account that is disabled, and takes it again, but not its sessions', async () => {
      const user = await ground.account();
      const boss = ground.asUser(await ground.adminAccount());
      const { accessToken, refreshToken } = await logIn(user);
      const { token } = await webSession(user);
      const api = await ground.auth.createApiToken({ name: 'ci', scopes: ['jobs'], userId: '' }, ground.asUser(user));
      const all = [accessToken, token, api.token];
      expect(await Promise.all(all.map((each) => outcome(who(each))))).toEqual(['done', 'done', 'done']);
      await ground.admin.setDisabled({ userId: user.id, disabled: true }, boss);
      const refused = Array(3).fill('unauthenticated');
      expect(await Promise.all(all.map((each) => outcome(who(each))))).toEqual(refused);
      expect(await outcome(refresh(refreshToken))).toBe('unauthenticated');
      expect(await outcome(logIn(user))).toBe('wrong_credentials');
      await ground.admin.setDisabled({ userId: user.id, disabled: false }, boss);
      expect(await Promise.all(all.map((each) => outcome(who(each))))).toEqual([...refused.slice(1), 'done']);
      expect(await outcome(refresh(refreshToken))).toBe('unauthenticated');
      expect(await outcome(logIn(user))).toBe('done');
    });

    test.each(['', 'hfs_', `hfs_${'a'.repeat(51)}`, `hft_${'A'.repeat(43)}00000000`, 'hfs_é', 'a'.repeat(100_000)])(
      'refuses %j',
      async (token) => {
        expect(await outcome(who(token))).toBe('unauthenticated');
      },
    );
  });

  describe('refreshing', () => {
    test('gives a new pair, and the old refresh token is worth nothing', async () => {
      const user = await ground.account();
      const first = await logIn(user);
      expect(first.refreshExpiresIn).toBe((14 * DAY) / 1_000);
      const second = await refresh(first.refreshToken);
      expect(second.refreshToken).not.toBe(first.refreshToken);
      expect(await who(second.accessToken)).toMatchObject({ userId: user.id });
      const third = await refresh(second.refreshToken);
      expect(new Set([first, second, third].map(({ refreshToken }) => refreshToken)).size).toBe(3);
    });

    test('a lost answer is answered again with the same token, also to many at once', async () => {
      const { refreshToken } = await logIn(await ground.account());
      const answers = await Promise.all(Array.from({ length: 6 }, () => refresh(refreshToken)));
      answers.push(await refresh(refreshToken));
      const successors = new Set(answers.map((answer) => answer.refreshToken));
      expect(successors.size).toBe(1);
      expect(await outcome(refresh([...successors][0] as string))).toBe('done');
    });

    test('a token that comes again after its successor was used ends the session', async () => {
      const user = await ground.account();
      const first = await logIn(user);
      const second = await refresh(first.refreshToken);
      const third = await refresh(second.refreshToken);
      expect(await outcome(refresh(first.refreshToken))).toBe('unauthenticated');
      expect(await outcome(refresh(third.refreshToken))).toBe('unauthenticated');
      expect(await outcome(who(third.accessToken))).toBe('unauthenticated');
      const boss = ground.asUser(await ground.adminAccount());
      const { entries } = await ground.admin.listAudit({ action: 'session.stolen', actorId: '', targetId: '' }, boss);
      expect(entries.map(({ data }) => data?.userId)).toContain(user.id);
    });

    test('so does one that comes too late for a lost answer', async () => {
      const first = await logIn(await ground.account());
      const second = await refresh(first.refreshToken);
      await later(MINUTE, async () => {
        expect(await outcome(refresh(first.refreshToken))).toBe('unauthenticated');
        expect(await outcome(refresh(second.refreshToken))).toBe('unauthenticated');
      });
    });

    test('a session that is used lives on, but not for ever; one that is not ends', async () => {
      const user = await ground.account();
      let { refreshToken } = await logIn(user);
      const idle = await logIn(user);
      for (const days of [13, 26, 39, 52, 65, 78]) {
        ({ refreshToken } = await later(days * DAY, () => refresh(refreshToken)));
      }
      await later(15 * DAY, async () => expect(await outcome(refresh(idle.refreshToken))).toBe('unauthenticated'));
      await later(89 * DAY, async () => {
        const last = await refresh(refreshToken);
        expect(last.refreshExpiresIn).toBeLessThanOrEqual(DAY / 1_000);
        ({ refreshToken } = last);
      });
      await later(91 * DAY, async () => expect(await outcome(refresh(refreshToken))).toBe('unauthenticated'));
    });

    test('nothing but a refresh token refreshes, and nothing is authenticated by one', async () => {
      const user = await ground.account();
      const { accessToken, refreshToken } = await logIn(user);
      const { token } = await webSession(user);
      for (const other of [accessToken, token, '', `${refreshToken.slice(0, -1)}x`, 'x'.repeat(10_000)]) {
        expect(await outcome(refresh(other))).toBe('unauthenticated');
      }
      expect(await outcome(who(refreshToken))).toBe('unauthenticated');
      expect(await outcome(refresh(refreshToken))).toBe('done');
    });
  });

  describe('sessions', () => {
    test('no token stands in a row', async () => {
      const user = await ground.account();
      const { refreshToken } = await logIn(user);
      const { refreshToken: next } = await refresh(refreshToken);
      const { token } = await webSession(user);
      const api = await ground.auth.createApiToken({ name: 'ci', scopes: ['jobs'], userId: '' }, ground.asUser(user));
      const { reader } = ground.db;
      const rows = await Promise.all(
        (['sessions', 'refresh_tokens', 'api_tokens', 'audit', 'auth_outbox'] as const).map((table) =>
          reader.selectFrom(table).selectAll().execute(),
        ),
      );
      const kept = JSON.stringify(rows);
      for (const secret of [refreshToken, next, token, api.token]) expect(kept).not.toContain(secret.slice(12, 40));
    });

    test('are listed with where they began and when they were used, the latest first, and only to their user', async () => {
      const user = await ground.account();
      await logIn(user);
      await webSession(user);
      const { sessions } = await ground.auth.listSessions({}, ground.asUser(user));
      expect(sessions.map(({ kind }) => kind)).toEqual([SessionKind.WEB, SessionKind.TOKENS]);
      expect(sessions[0]?.client).toMatchObject({ userAgent: 'Browser/1.0', address: expect.stringMatching(/^10\./) });
      const first = await ground.auth.listSessions({ page: { limit: 1, cursor: '', sort: '' } }, ground.asUser(user));
      const page = { limit: 1, cursor: first.nextCursor, sort: '' };
      const second = await ground.auth.listSessions({ page }, ground.asUser(user));
      expect([...first.sessions, ...second.sessions].map(({ id }) => id)).toEqual(sessions.map(({ id }) => id));
      expect(second.nextCursor).toBe('');
      const stranger = ground.asUser(await ground.account());
      expect((await ground.auth.listSessions({}, stranger)).sessions).toEqual([]);
      // A cursor of another's list is none.
      expect(await outcome(ground.auth.listSessions({ page }, stranger))).toBe('invalid_cursor');
      expect(await outcome(ground.auth.endSession({ sessionId: sessions[0]?.id ?? '' }, stranger))).toBe('not_found');
    });

    test('live on with use, without a write for each request', async () => {
      const user = await ground.account();
      const { token, session } = await webSession(user);
      const row = () =>
        ground.db.reader
          .selectFrom('sessions')
          .selectAll()
          .where('id', '=', session?.id ?? '')
          .executeTakeFirst();
      const before = await row();
      await later(MINUTE, () => who(token));
      expect(await row()).toEqual(before);
      await later(10 * DAY, async () => {
        await who(token);
        const lastUsed = async () => (await row())?.last_used_at;
        await expect.poll(lastUsed).toBeGreaterThan(before?.last_used_at ?? 0);
      });
      await later(20 * DAY, async () => expect(await outcome(who(token))).toBe('done'));
      await later(91 * DAY, async () => expect(await outcome(who(token))).toBe('unauthenticated'));
    });

    test('end one by one, by their refresh token, or all at once but one', async () => {
      const user = await ground.account();
      const me = ground.asUser(user);
      const [one, two, three] = [await webSession(user), await webSession(user), await webSession(user)];
      const tokens = await logIn(user);
      await ground.auth.endSession({ sessionId: one.session?.id ?? '' }, me);
      expect(await outcome(who(one.token))).toBe('unauthenticated');
      await ground.auth.logOut({ refreshToken: tokens.refreshToken }, ground.anonymous);
      expect(await outcome(who(tokens.accessToken))).toBe('unauthenticated');
      expect(await outcome(refresh(tokens.refreshToken))).toBe('unauthenticated');
      expect(await ground.auth.endSessions({ exceptSessionId: two.session?.id }, me)).toEqual({ ended: 1 });
      expect(await outcome(who(three.token))).toBe('unauthenticated');
      expect(await outcome(who(two.token))).toBe('done');
      await ground.auth.logOut({ sessionId: two.session?.id }, me);
      expect(await outcome(who(two.token))).toBe('unauthenticated');
      expect(await outcome(ground.auth.logOut({}, me))).toBe('invalid_request');
    });

    test('nobody ends the session of another', async () => {
      const user = await ground.account();
      const { token, session } = await webSession(user);
      const stranger = ground.asUser(await ground.account());
      await ground.auth.logOut({ sessionId: session?.id }, stranger);
      await ground.auth.endSessions({}, stranger);
      expect(await outcome(who(token))).toBe('done');
    });

    test('a new one ends the one that the browser had, and never takes its token over', async () => {
      const user = await ground.account();
      const old = await webSession(user);
      const other = await webSession(user, old.token);
      expect(other.token).not.toBe(old.token);
      expect(await outcome(who(old.token))).toBe('unauthenticated');
      const chosen = `hfs_${'a'.repeat(51)}`;
      expect((await webSession(user, chosen)).token).not.toBe(chosen);
      expect(await outcome(who(chosen))).toBe('unauthenticated');
    });
  });

  test('a session cannot begin while its account is being disabled', async () => {
    const boss = ground.asUser(await ground.adminAccount());
    for (let round = 0; round < 3; round++) {
      const user = await ground.account();
      const [session] = await Promise.allSettled([
        webSession(user),
        ground.admin.setDisabled({ userId: user.id, disabled: true }, boss),
      ]);
      const { count } = await ground.db.reader
        .selectFrom('sessions')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('user_id', '=', user.id)
        .executeTakeFirstOrThrow();
      expect(count).toBe(0);
      if (session.status === 'fulfilled') expect(await outcome(who(session.value.token))).toBe('unauthenticated');
    }
  });

  test('ids are no credentials', async () => {
    expect(await outcome(who(newId()))).toBe('unauthenticated');
  });
}
