import { pino } from 'pino';
import { describe, expect, test, vi } from 'vitest';
import { newId } from '../../../base/ids.ts';
import { CredentialKind, Role } from '../../../contract/holdfast/v1/auth.ts';
import { startRelay } from '../events/relay.ts';
import { type Ground, outcome, PASSWORD as password, someClient } from './ground.ts';

/** API tokens, roles, the audit trail, deleting. */
export function administrationLaws(ground: Ground): void {
  const who = (token: string) => ground.auth.authenticate({ token }, ground.anonymous);
  const tokenOf = (user: { readonly id: string }, scopes: string[], expiresAt?: Date) =>
    ground.auth.createApiToken({ name: 'ci', scopes, expiresAt, userId: '' }, ground.asUser(user));

  describe('API tokens', () => {
    test('may what they were made for, until they are revoked', async () => {
      const user = await ground.account();
      const { token, apiToken } = await tokenOf(user, ['files:write', 'files:read', 'files:read']);
      expect(token).toMatch(/^hft_/);
      expect(apiToken).toMatchObject({ name: 'ci', scopes: ['files:read', 'files:write'], hint: token.slice(0, 10) });
      expect(await who(token)).toMatchObject({
        userId: user.id,
        kind: CredentialKind.API_TOKEN,
        credentialId: apiToken?.id,
        scopes: ['files:read', 'files:write'],
      });
      const stranger = ground.asUser(await ground.account());
      const revocation = { apiTokenId: apiToken?.id ?? '' };
      expect(await outcome(ground.auth.revokeApiToken(revocation, stranger))).toBe('not_found');
      expect((await ground.auth.listApiTokens({}, stranger)).apiTokens).toEqual([]);
      const { apiTokens } = await ground.auth.listApiTokens({}, ground.asUser(user));
      expect(apiTokens.map(({ id }) => id)).toEqual([apiToken?.id]);
      await ground.auth.revokeApiToken(revocation, ground.asUser(user));
      expect(await outcome(who(token))).toBe('unauthenticated');
    });

    test('show when they were used last', async () => {
      const user = await ground.account();
      const { token } = await tokenOf(user, ['jobs']);
      await who(token);
      const lastUsed = async () => {
        const { apiTokens } = await ground.auth.listApiTokens({}, ground.asUser(user));
        return apiTokens[0]?.lastUsedAt?.getTime();
      };
      await expect.poll(lastUsed).toBeGreaterThan(Date.now() - 60_000);
    });

    test('expire', async () => {
      const { token } = await tokenOf(await ground.account(), ['jobs'], new Date(Date.now() + 60_000));
      expect(await outcome(who(token))).toBe('done');
      vi.useFakeTimers({ now: Date.now() + 60_001, toFake: ['Date'] });
      expect(await outcome(who(token)).finally(() => vi.useRealTimers())).toBe('unauthenticated');
    });

    test('an altered one is refused at sight', async () => {
      const { token } = await tokenOf(await ground.account(), ['jobs']);
      for (const other of [`${token}0`, token.slice(0, -1), token.toUpperCase(), token.replace('hft_', 'hfs_')]) {
        expect(await outcome(who(other))).toBe('unauthenticated');
      }
    });

    test('are made by a session while it goes on, of that very account', async () => {
      const user = await ground.account();
      const { session } = await ground.auth.createSession({ email: user.email, password }, ground.anonymous);
      const makeAs = (context: Ground['anonymous']) =>
        outcome(
          ground.auth.createApiToken({ name: 'ci', scopes: ['jobs'], userId: '', sessionId: session?.id }, context),
        );
      expect(await makeAs(ground.asUser(user))).toBe('done');
      expect(await makeAs(ground.asUser(await ground.account()))).toBe('unauthenticated');
      await ground.auth.endSessions({}, ground.asUser(user));
      expect(await makeAs(ground.asUser(user))).toBe('unauthenticated');
    });

    test('only admins give admin and act-as, and who is admin no more has none', async () => {
      const [user, boss, chief] = [await ground.account(), await ground.adminAccount(), await ground.adminAccount()];
      expect(await outcome(tokenOf(user, ['act-as']))).toBe('forbidden');
      expect(await outcome(tokenOf(user, ['jobs', 'admin']))).toBe('forbidden');
      const { token } = await tokenOf(boss, ['act-as', 'admin', 'jobs']);
      expect((await who(token)).scopes).toEqual(['jobs', 'admin', 'act-as']);
      await ground.admin.setRole({ userId: boss.id, role: Role.USER }, ground.asUser(chief));
      expect((await who(token)).scopes).toEqual(['jobs']);
    });

    test.each([
      ['name', { name: '', scopes: ['jobs'] }],
      ['name', { name: 'a\nb', scopes: ['jobs'] }],
      ['scopes', { name: 'a', scopes: [] }],
      ['scopes', { name: 'a', scopes: ['everything'] }],
      ['scopes', { name: 'a', scopes: ['account'] }],
      ['expiresAt', { name: 'a', scopes: ['jobs'], expiresAt: new Date(0) }],
    ])('says that the %s is wrong', async (path, request) => {
      const me = ground.asUser(await ground.account());
      await expect(ground.auth.createApiToken({ ...request, userId: '' }, me)).rejects.toMatchObject({
        code: 'invalid_request',
        fields: [{ path }],
      });
    });

    test('nobody makes one for another, but a service may', async () => {
      const [user, other] = [await ground.account(), await ground.account()];
      const request = { name: 'ci', scopes: ['jobs'], userId: other.id };
      expect(await outcome(ground.auth.createApiToken(request, ground.asUser(user)))).toBe('forbidden');
      expect(await outcome(ground.auth.createApiToken(request, ground.anonymous))).toBe('unauthenticated');
      const { token } = await ground.auth.createApiToken(request, ground.as({ kind: 'service', name: 'gateway' }));
      expect((await who(token)).userId).toBe(other.id);
    });
  });

  describe('admins', () => {
    test('alone may what admins may', async () => {
      const [user, other] = [await ground.account(), await ground.account()];
      const { admin } = ground;
      const page = undefined;
      const calls = [
        (context: Ground['anonymous']) => admin.listUsers({ page, query: '', role: Role.UNSPECIFIED }, context),
        (context: Ground['anonymous']) => admin.getAccount({ userId: other.id, email: '' }, context),
        (context: Ground['anonymous']) =>
          admin.createUser({ email: `${newId()}@example.com`, password, role: Role.ADMIN }, context),
        (context: Ground['anonymous']) => admin.setRole({ userId: user.id, role: Role.ADMIN }, context),
        (context: Ground['anonymous']) => admin.setDisabled({ userId: other.id, disabled: true }, context),
        (context: Ground['anonymous']) => admin.deleteUser({ userId: other.id }, context),
        (context: Ground['anonymous']) => admin.createInvitation({}, context),
        (context: Ground['anonymous']) => admin.listInvitations({}, context),
        (context: Ground['anonymous']) => admin.revokeInvitation({ invitationId: newId() }, context),
        (context: Ground['anonymous']) => admin.listAudit({ action: '', actorId: '', targetId: '' }, context),
      ];
      expect(Object.keys(admin)).toHaveLength(calls.length);
      for (const call of calls) {
        expect(await outcome(call(ground.asUser(user)))).toBe('forbidden');
        expect(await outcome(call(ground.anonymous))).toBe('unauthenticated');
      }
      expect(await outcome(ground.auth.getUser({ userId: other.id }, ground.asUser(other)))).toBe('done');
    });

    test('find accounts, by a part of the e-mail and by role', async () => {
      const boss = await ground.adminAccount();
      const part = newId().slice(0, 30);
      const one = await ground.account(`${part}-one@example.com`);
      const two = await ground.account(`${part}-two@example.com`);
      const { users } = await ground.admin.listUsers({ query: part, role: Role.UNSPECIFIED }, ground.asUser(boss));
      expect(users.map(({ id }) => id)).toEqual([two.id, one.id]);
      const none = await ground.admin.listUsers({ query: part, role: Role.ADMIN }, ground.asUser(boss));
      expect(none.users).toEqual([]);
      const { user } = await ground.admin.getAccount(
        { userId: '', email: one.email.toUpperCase() },
        ground.asUser(boss),
      );
      expect(user).toEqual(one);
    });

    test('the last one stays one', async () => {
      const { db, admin } = ground;
      await db.unit((tx) => tx.updateTable('users').set({ role: 'user' }).execute());
      const [one, two] = [await ground.adminAccount(), await ground.adminAccount()];
      const demote = (user: typeof one, by: typeof one) =>
        outcome(admin.setRole({ userId: user.id, role: Role.USER }, ground.asUser(by)));
      const results = await Promise.all([demote(one, two), demote(two, one)]);
      expect(results.filter((result) => result === 'done')).toHaveLength(1);
      const left = results[0] === 'done' ? two : one;
      const me = ground.asUser(left);
      expect(await outcome(admin.setRole({ userId: left.id, role: Role.USER }, me))).toBe('conflict');
      expect(await outcome(admin.setDisabled({ userId: left.id, disabled: true }, me))).toBe('conflict');
      expect(await outcome(admin.deleteUser({ userId: left.id }, me))).toBe('conflict');
    });

    test('delete accounts: nothing of them signs in, the e-mail is free, the row waits for the files', async () => {
      const user = await ground.account();
      const boss = ground.asUser(await ground.adminAccount());
      const { accessToken, refreshToken } = await ground.auth.logIn({ email: user.email, password }, ground.anonymous);
      const { token } = await tokenOf(user, ['jobs']);
      await ground.admin.deleteUser({ userId: user.id }, boss);
      expect(await outcome(ground.admin.deleteUser({ userId: user.id }, boss))).toBe('done');
      for (const credential of [accessToken, token]) expect(await outcome(who(credential))).toBe('unauthenticated');
      expect(await outcome(ground.auth.refresh({ refreshToken }, ground.anonymous))).toBe('unauthenticated');
      const { userIds } = await ground.maintenance.listDeletedUsers({ after: '', limit: 1000 }, ground.service);
      expect(userIds).toContain(user.id);
      const again = await ground.account(user.email);
      expect(again.id).not.toBe(user.id);
      const forget = async ({ id: userId }: typeof user) =>
        (await ground.maintenance.forgetUser({ userId }, ground.service)).forgotten;
      // Somebody may still be at work for it.
      expect(await forget(user)).toBe(false);
      vi.useFakeTimers({ now: Date.now() + 3600_000, toFake: ['Date'] });
      expect(await forget(again)).toBe(false);
      expect(await forget(user).finally(() => vi.useRealTimers())).toBe(true);
      const left = await ground.maintenance.listDeletedUsers({ after: '', limit: 1000 }, ground.service);
      expect(left.userIds).not.toContain(user.id);
      expect(await outcome(ground.auth.getUser({ userId: again.id }, ground.asUser(again)))).toBe('done');
      expect(await outcome(ground.admin.deleteUser({ userId: newId() }, boss))).toBe('not_found');
    });
  });

  describe('the audit trail', () => {
    test('tells who did what to what, from where', async () => {
      const [user, boss] = [await ground.account(), await ground.adminAccount()];
      const client = someClient('Audit\r\nForged: yes');
      await ground.auth
        .logIn({ email: user.email, password: 'not the lamp', client }, ground.anonymous)
        .catch(() => {});
      await ground.auth.logIn({ email: user.email, password, client }, ground.anonymous);
      await ground.admin.setRole({ userId: user.id, role: Role.ADMIN, client }, ground.asUser(boss));
      const entry = { id: newId(), action: 'file.deleted', actorId: user.id, credentialId: '', ownerId: 'customer-7' };
      const recorded = { ...entry, targetKind: 'file', targetId: 'f1', client };
      for (let time = 0; time < 2; time++) await ground.audit.recordAudit(recorded, ground.asUser(user));

      const list = (filter: object) =>
        ground.admin.listAudit({ action: '', actorId: '', targetId: '', ...filter }, ground.asUser(boss));
      const about = (await list({ targetId: user.id })).entries;
      expect(about.map(({ action }) => action)).toEqual(['user.role_changed', 'session.refused', 'user.created']);
      expect(about[0]).toMatchObject({
        actorKind: 'user',
        actorId: boss.id,
        client: { address: client.address, userAgent: 'Audit??Forged: yes' },
        data: { from: 'user', to: 'admin' },
      });
      const by = (await list({ actorId: user.id })).entries;
      expect(by.map(({ action }) => action)).toEqual(['file.deleted', 'session.created', 'user.created']);
      expect(by[0]).toMatchObject({ ownerId: 'customer-7', targetId: 'f1' });
      const first = await list({ actorId: user.id, page: { limit: 2, cursor: '', sort: '' } });
      const rest = await list({ actorId: user.id, page: { limit: 2, cursor: first.nextCursor, sort: '' } });
      expect([...first.entries, ...rest.entries]).toEqual(by);
    });

    test('takes what back ends did, many entries at once, each of them once', async () => {
      const boss = await ground.adminAccount();
      const [actorId, ownerId] = [`client/${newId()}`, '👩'.repeat(255)];
      const at = new Date(Date.now() - 60_000);
      const entries = Array.from({ length: 250 }, (_, number) => ({
        id: newId(),
        action: 'file.url_signed',
        actorKind: 'service',
        actorId,
        credentialId: '',
        targetKind: 'file',
        targetId: `f${number}`,
        ownerId,
        client: someClient('grpc-node-js/1.0'),
        requestId: 'theirs',
        createdAt: new Date(at.getTime() + number),
      }));
      for (let time = 0; time < 2; time++) await ground.audit.recordAuditEntries({ entries }, ground.service);
      const list = (page: object = {}) =>
        ground.admin.listAudit(
          { action: '', actorId, targetId: '', page: { limit: 200, cursor: '', sort: '', ...page } },
          ground.asUser(boss),
        );
      const first = await list();
      const rest = await list({ cursor: first.nextCursor });
      const found = [...first.entries, ...rest.entries];
      expect(found.map(({ targetId }) => targetId)).toEqual(entries.map(({ targetId }) => targetId).toReversed());
      const { requestId, createdAt } = entries.at(-1) as (typeof entries)[number];
      expect(found[0]).toMatchObject({ actorKind: 'service', ownerId, requestId, createdAt });
      for (const wrong of [{ actorKind: 'god' }, { id: 'x' }, { ownerId: `${ownerId}x` }, { action: 'x'.repeat(65) }]) {
        const one = [{ ...(entries[0] as (typeof entries)[number]), ...wrong }];
        const outcomes = await outcome(ground.audit.recordAuditEntries({ entries: one }, ground.service));
        expect(outcomes).toBe('invalid_request');
      }
    });

    test('goes past its retention, with all else that is over', async () => {
      const user = await ground.account();
      await ground.auth.logIn({ email: user.email, password }, ground.anonymous);
      expect(await outcome(ground.maintenance.pruneAccounts({ dryRun: true }, ground.asUser(user)))).toBe('forbidden');
      const entries = () => ground.db.reader.selectFrom('audit').select('id').where('actor_id', '=', user.id).execute();
      await ground.maintenance.pruneAccounts({ dryRun: false }, ground.service);
      expect(await entries()).toHaveLength(2);
      vi.useFakeTimers({ now: Date.now() + 15 * 24 * 3600_000, toFake: ['Date'] });
      try {
        const looked = await ground.maintenance.pruneAccounts({ dryRun: true }, ground.service);
        expect(looked.audit).toBeGreaterThanOrEqual(2);
        expect(await entries()).toHaveLength(2);
        const pruned = await ground.maintenance.pruneAccounts({ dryRun: false }, ground.service);
        expect(pruned.sessions).toBeGreaterThanOrEqual(1);
        expect(await entries()).toEqual([]);
        const { sessions } = await ground.auth.listSessions({}, ground.asUser(user));
        expect(sessions).toEqual([]);
      } finally {
        vi.useRealTimers();
      }
    });
  });

  test('what happened to accounts is read in order, by services alone', async () => {
    const { events, db, broker } = ground;
    const relay = startRelay({ db, broker, log: pino({ level: 'silent' }) });
    try {
      const user = await ground.account();
      await ground.auth.changePassword(
        { currentPassword: password, newPassword: 'orbit velvet nine canoe' },
        ground.asUser(user),
      );
      const read = async () => {
        const all = [];
        for (let after = 0; ; ) {
          const page = await events.readAccountEvents(
            { after, limit: 1000 },
            ground.as({ kind: 'service', name: 'notifier' }),
          );
          if (page.events.length === 0) return all;
          all.push(...page.events);
          after = page.events.at(-1)?.position ?? 0;
        }
      };
      const mine = async () => (await read()).filter(({ userId }) => userId === user.id).map(({ type }) => type);
      await expect.poll(mine).toEqual(['user.created', 'password.changed']);
      const positions = (await read()).map(({ position }) => position);
      expect(positions).toEqual(positions.map((_, index) => index + 1));
      expect(await outcome(events.readAccountEvents({ after: 0, limit: 1 }, ground.asUser(user)))).toBe('forbidden');
    } finally {
      await relay.stop();
    }
  });
}
