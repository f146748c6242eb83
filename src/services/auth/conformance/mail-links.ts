import { describe, expect, test } from 'vitest';
import { newId } from '../../../base/ids.ts';
import { type Ground, later, outcome, PASSWORD as password, someClient, someEmail } from './ground.ts';
import { NEW_PASSWORD, useMailbox } from './mailbox.ts';

/** What a link in a mail is good for: confirming an e-mail, choosing another password. */
export function mailLinkLaws(ground: Ground): void {
  const {
    notifier,
    events,
    prepared,
    verifyLink,
    resetLink,
    logIn,
    verify,
    reset,
    askReset,
    askVerification,
    altered,
  } = useMailbox(ground);

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

    test('takes the account’s password, too; guesses leave the link good, and are counted', async () => {
      const user = await ground.account();
      await askVerification(user.email);
      const { token } = await verifyLink(user.id);
      for (const wrong of ['', 'the reader does not know it', 'x'.repeat(10_000)]) {
        expect(await verify(token, wrong)).toBe('wrong_credentials');
      }
      expect(await verify(token)).toBe('done');

      const [other, third] = [await ground.account(), await ground.account()];
      for (const { email } of [other, third]) await askVerification(email);
      const link = await verifyLink(other.id);
      await later(0, async () => {
        const guesses = [];
        for (let time = 0; time < 6; time++) guesses.push(await verify(link.token, `not the lamp ${time}`));
        expect(guesses).toEqual([...Array(5).fill('wrong_credentials'), 'too_many_requests']);
        // Strangers who guess at log-in hold up nobody here.
        for (let time = 0; time < 6; time++) await outcome(logIn(third.email, 'a wrong one, again'));
        expect(await verify((await verifyLink(third.id)).token)).toBe('done');
      });
    });

    test('is not for an account without a password: its reader chooses one, which confirms it', async () => {
      const user = await ground.account();
      await askVerification(user.email);
      const { token } = await verifyLink(user.id);
      await ground.db.unit((tx) =>
        tx.updateTable('users').set({ password_hash: '' }).where('id', '=', user.id).execute(),
      );
      for (const given of ['', password]) expect(await verify(token, given)).toBe('wrong_credentials');
      await askReset(user.email);
      expect(await reset((await resetLink(user.id)).token)).toBe('done');
      expect((await logIn(user.email, NEW_PASSWORD)).user?.emailVerified).toBe(true);
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
      await later(0, async () => {
        for (let time = 0; time < 6; time++) await outcome(logIn(user.email, 'a wrong one, again'));
        expect(await outcome(logIn(user.email))).toBe('too_many_requests');
      });
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
      expect(await verify((await verifyLink(user.id)).token, NEW_PASSWORD)).toBe('done');
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
}
