import { describe, expect, test } from 'vitest';
import { type Ground, later, outcome, PASSWORD as password, someClient } from './ground.ts';

/** Changing the password of whoever is signed in. */
export function passwordLaws(ground: Ground): void {
  const logIn = ({ email }: { readonly email: string }) => ground.auth.logIn({ email, password }, ground.anonymous);
  const webSession = ({ email }: { readonly email: string }) =>
    ground.auth.createSession({ email, password, client: someClient() }, ground.anonymous);
  const who = (token: string) => ground.auth.authenticate({ token }, ground.anonymous);

  describe('changing the password', () => {
    const change = (
      user: { readonly id: string },
      currentPassword: string,
      newPassword: string,
      keepSessionId?: string,
    ) => ground.auth.changePassword({ currentPassword, newPassword, keepSessionId }, ground.asUser(user));

    test('ends all sessions but this one', async () => {
      const user = await ground.account();
      const [mine, other] = [await webSession(user), await webSession(user)];
      const { accessToken, refreshToken } = await logIn(user);
      await change(user, password, 'orbit velvet nine canoe', mine.session?.id);
      expect(await outcome(who(mine.token))).toBe('done');
      expect(await outcome(who(other.token))).toBe('unauthenticated');
      expect(await outcome(who(accessToken))).toBe('unauthenticated');
      expect(await outcome(ground.auth.refresh({ refreshToken }, ground.anonymous))).toBe('unauthenticated');
      expect(await outcome(logIn(user))).toBe('wrong_credentials');
      const { email } = user;
      const again = ground.auth.logIn({ email, password: 'orbit velvet nine canoe' }, ground.anonymous);
      expect(await outcome(again)).toBe('done');
    });

    test('is for a session that goes on', async () => {
      const user = await ground.account();
      const { session } = await webSession(user);
      await ground.auth.endSessions({}, ground.asUser(user));
      const next = 'orbit velvet nine canoe';
      expect(await outcome(change(user, password, next, session?.id))).toBe('unauthenticated');
      expect(await outcome(logIn(user))).toBe('done');
    });

    test('needs the present one, and guesses are counted and told to admins', async () => {
      const user = await ground.account();
      const guesses: string[] = [];
      await later(0, async () => {
        for (let time = 0; time < 6; time++) {
          guesses.push(await outcome(change(user, `not the lamp ${time}`, 'orbit velvet nine canoe')));
        }
      });
      expect(guesses).toEqual([...Array(5).fill('wrong_credentials'), 'too_many_requests']);
      const boss = ground.asUser(await ground.adminAccount());
      const guessed = { action: 'password.refused', actorId: user.id, targetId: user.id };
      expect((await ground.admin.listAudit(guessed, boss)).entries).toHaveLength(5);
    });

    test('goes on while strangers guess at log-in', async () => {
      const user = await ground.account();
      const guess = { email: user.email, password: 'a wrong one, again' };
      await later(0, async () => {
        for (let time = 0; time < 6; time++) await outcome(ground.auth.logIn(guess, ground.anonymous));
        expect(await outcome(logIn(user))).toBe('too_many_requests');
        expect(await outcome(change(user, password, 'orbit velvet nine canoe'))).toBe('done');
        // And opens nothing that they have shut.
        expect(await outcome(logIn(user))).toBe('too_many_requests');
      });
    });

    test('of two at once one wins', async () => {
      const user = await ground.account();
      const both = ['orbit velvet nine canoe', 'maple zebra quiet dune'].map((next) =>
        outcome(change(user, password, next)),
      );
      expect((await Promise.all(both)).sort()).toEqual(['done', 'wrong_credentials']);
    });

    test.each(['short', 'Password123', 'tidal lamp '.repeat(7)])('refuses %j as the new one', async (next) => {
      await expect(change(await ground.account(), password, next)).rejects.toMatchObject({
        code: 'invalid_request',
        fields: [{ path: 'newPassword' }],
      });
    });
  });
}
