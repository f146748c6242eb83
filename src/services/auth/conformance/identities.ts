import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type GitHub, someGitHubUser, startGitHub } from '../../../../test/harness/sign-in/github.ts';
import { AUDIENCE, type Issuer, startIssuer } from '../../../../test/harness/sign-in/issuer.ts';
import type { User } from '../../../contract/holdfast/v1/auth.ts';
import type { AuthOptions } from '../index.ts';
import { noAddress } from '../users/insert.ts';
import { type Callable, type Ground, outcome, PASSWORD as password, someClient, someEmail } from './ground.ts';

/** Whom other issuers vouch for, and signing in with providers. */
export function identityLaws(ground: Ground): void {
  let issuer: Issuer;
  /** Two providers, so that one person can be known to both. */
  let hubs: Record<'one' | 'two', GitHub>;
  beforeAll(async () => {
    issuer = await startIssuer();
    hubs = { one: await startGitHub(), two: await startGitHub() };
  });
  afterAll(() => Promise.all([issuer, hubs.one, hubs.two].map((each) => each.stop())));

  /** An instance of its own: what one began, another ends. */
  const instance = (options: Partial<AuthOptions> = {}): Callable =>
    ground.create({
      issuers: [{ issuer: issuer.url, jwksUrl: undefined, audience: AUDIENCE }],
      providers: (['one', 'two'] as const).map((name) => ({
        kind: 'github',
        name,
        title: name,
        url: hubs[name].url,
        clientId: hubs[name].env.GITHUB_CLIENT_ID as string,
        clientSecret: hubs[name].env.GITHUB_CLIENT_SECRET as string,
      })),
      ...options,
    });

  const redirectUri = 'https://files.example.com/callback';
  interface Begun {
    readonly provider: 'one' | 'two';
    readonly query: string;
    readonly browserToken: string;
  }
  /** As far as to what the browser brings back. */
  async function begin(
    { auth }: Callable,
    provider: Begun['provider'],
    hubUser: ReturnType<typeof someGitHubUser>,
    { user, ...more }: { user?: User; linkSessionId?: string; invitation?: string } = {},
  ): Promise<Begun> {
    const context = user ? ground.asUser(user) : ground.anonymous;
    const begun = await auth.beginProviderSignIn({ provider, redirectUri, returnTo: '/app', ...more }, context);
    hubs[provider].user = hubUser;
    const { headers } = await fetch(begun.url, { redirect: 'manual' });
    return {
      provider,
      query: new URL(headers.get('location') ?? '').search.slice(1),
      browserToken: begun.browserToken,
    };
  }
  const finish = ({ auth }: Callable, begun: Begun) =>
    auth.finishProviderSignIn({ ...begun, client: someClient('Browser/1.0') }, ground.anonymous);
  const who = async ({ auth }: Callable, token = '') => (await auth.authenticate({ token }, ground.anonymous)).userId;
  const signIn = async (service: Callable, provider: Begun['provider'], hubUser: ReturnType<typeof someGitHubUser>) =>
    finish(service, await begin(service, provider, hubUser));
  const userIdOf = async (service: Callable, hubUser: ReturnType<typeof someGitHubUser>) =>
    who(service, (await signIn(service, 'one', hubUser)).token);
  const linkedOf = async (service: Callable, id: string) =>
    (await service.auth.listLinkedAccounts({}, ground.asUser({ id }))).accounts;

  describe('whom another issuer vouches for', () => {
    test('has one account, however many instances see the first token at once', async () => {
      const [a, b] = [instance(), instance()];
      const token = await issuer.sign({ name: 'Ada' });
      const ids = await Promise.all([a, b, a, b, a, b].map((service) => who(service, token)));
      expect(new Set(ids).size).toBe(1);
      const [id = ''] = ids;
      const made = await ground.db.reader.selectFrom('audit').selectAll().where('target_id', '=', id).execute();
      expect(made.map(({ action }) => action)).toEqual(['user.created']);
      const { user } = await a.auth.getUser({ userId: id }, ground.asUser({ id }));
      expect(user).toMatchObject({ email: '', name: 'Ada', hasPassword: false });
    });

    test('is told apart by bytes', async () => {
      const service = instance();
      const subjects = ['Ada', 'ada', 'ada ', 'a\u0301da', '\u00e1da'];
      const ids = [];
      for (const sub of subjects) ids.push(await who(service, await issuer.sign({ sub })));
      expect(new Set(ids).size).toBe(subjects.length);
    });

    test('stays out when the account is disabled, and for good when it is deleted', async () => {
      const service = instance();
      const boss = ground.asUser(await ground.adminAccount());
      const token = await issuer.sign();
      const userId = await who(service, token);
      await service.admin.setDisabled({ userId, disabled: true }, boss);
      expect(await outcome(who(service, token))).toBe('unauthenticated');
      await service.admin.deleteUser({ userId }, boss);
      expect(await outcome(who(service, token))).toBe('unauthenticated');
      vi.useFakeTimers({ now: Date.now() + 3600_000, toFake: ['Date'] });
      try {
        expect((await service.maintenance.forgetUser({ userId }, ground.service)).forgotten).toBe(true);
      } finally {
        vi.useRealTimers();
      }
      expect(await outcome(who(service, token))).toBe('unauthenticated');
    });

    test('is nobody to a server that does not know the issuer', async () => {
      expect(await outcome(who(ground, await issuer.sign()))).toBe('unauthenticated');
    });
  });

  describe('a sign-in with a provider', () => {
    test('begun by one instance is ended by another, once', async () => {
      const [a, b] = [instance(), instance()];
      const begun = await begin(a, 'one', someGitHubUser(someEmail()));
      const ends = await Promise.all([outcome(finish(a, begun)), outcome(finish(b, begun))]);
      expect(ends.sort()).toEqual(['done', 'sign_in_expired']);
    });

    test('makes one account, however many come at once and with whichever provider', async () => {
      const service = instance();
      const email = someEmail();
      const [here, there] = [someGitHubUser(email), someGitHubUser(email)];
      const begun = [];
      for (const [provider, user] of [
        ['one', here],
        ['two', there],
        ['one', here],
        ['two', there],
      ] as const) {
        begun.push(await begin(service, provider, user));
      }
      const ends = await Promise.all(begun.map((each) => finish(service, each)));
      expect(ends.map(({ error }) => error)).toEqual(Array(4).fill(undefined));
      const ids = await Promise.all(ends.map(({ token }) => who(service, token)));
      expect(new Set(ids).size).toBe(1);
      expect(await linkedOf(service, ids[0] as string)).toHaveLength(2);
    });

    test('and a sign-up with the same e-mail at once make one account', async () => {
      const service = instance();
      const email = someEmail();
      const begun = await begin(service, 'one', someGitHubUser(email));
      const [end, signedUp] = await Promise.all([
        finish(service, begun),
        outcome(service.auth.signUp({ email, password }, ground.anonymous)),
      ]);
      expect([end.error, signedUp]).toEqual(
        end.error === undefined ? [undefined, 'email_taken'] : ['email_taken', 'done'],
      );
      const rows = await ground.db.reader.selectFrom('users').select('id').where('email', '=', email).execute();
      expect(rows).toHaveLength(1);
    });

    test('needs what sign-up needs, for an account that is not there yet', async () => {
      const closed = instance({ signup: 'closed' });
      const email = someEmail();
      expect(await signIn(closed, 'one', someGitHubUser(email))).toMatchObject({
        error: 'signup_refused',
        returnTo: '/app',
      });
      const invited = instance({ signup: 'invite' });
      expect((await signIn(invited, 'one', someGitHubUser(email))).error).toBe('signup_refused');
      const boss = ground.asUser(await ground.adminAccount());
      const { token } = await invited.admin.createInvitation({ email }, boss);
      const use = async (hubUser: ReturnType<typeof someGitHubUser>) =>
        (await finish(invited, await begin(invited, 'one', hubUser, { invitation: token }))).error;
      expect(await use(someGitHubUser(someEmail()))).toBe('signup_refused');
      const hubUser = someGitHubUser(email);
      expect(await use(hubUser)).toBeUndefined();
      expect(await use(someGitHubUser(someEmail()))).toBe('signup_refused');
      // Whoever is in stays in.
      expect((await signIn(closed, 'one', hubUser)).error).toBeUndefined();
    });

    test('keeps no secret', async () => {
      const service = instance();
      const { token } = await service.admin.createInvitation({}, ground.asUser(await ground.adminAccount()));
      const begun = await begin(service, 'one', someGitHubUser(someEmail()), { invitation: token });
      const state = new URLSearchParams(begun.query).get('state') as string;
      const rows = JSON.stringify(await ground.db.reader.selectFrom('provider_sign_ins').selectAll().execute());
      for (const secret of [state, begun.browserToken, token]) expect(rows).not.toContain(secret);
      await finish(service, begun);
      const audit = JSON.stringify(await ground.db.reader.selectFrom('audit').selectAll().execute());
      for (const secret of [state, begun.browserToken, token]) expect(audit).not.toContain(secret);
    });

    test('is over after a while, and goes', async () => {
      const service = instance();
      const begun = await begin(service, 'one', someGitHubUser(someEmail()));
      vi.useFakeTimers({ now: Date.now() + 11 * 60_000, toFake: ['Date'] });
      try {
        const other = await begin(service, 'one', someGitHubUser(someEmail()));
        expect(await outcome(finish(service, begun))).toBe('sign_in_expired');
        const states = () => ground.db.reader.selectFrom('provider_sign_ins').select('state_hash').execute();
        await begin(service, 'one', someGitHubUser(someEmail()));
        vi.setSystemTime(Date.now() + 11 * 60_000);
        await service.maintenance.pruneAccounts({ dryRun: false }, ground.service);
        expect(await states()).toEqual([]);
        expect(await outcome(finish(service, other))).toBe('sign_in_expired');
      } finally {
        vi.useRealTimers();
      }
    });

    test('is refused to a disabled account, and makes a new one after a deleted one', async () => {
      const service = instance();
      const boss = ground.asUser(await ground.adminAccount());
      const hubUser = someGitHubUser(someEmail());
      const userId = await userIdOf(service, hubUser);
      await service.admin.setDisabled({ userId, disabled: true }, boss);
      expect((await signIn(service, 'one', hubUser)).error).toBe('account_disabled');
      // Not linked with it either, by another provider that knows the e-mail.
      const [{ email = '' } = {}] = hubUser.emails;
      expect((await signIn(service, 'two', someGitHubUser(email))).error).toBe('account_disabled');
      expect(await linkedOf(service, userId)).toHaveLength(1);
      await service.admin.deleteUser({ userId }, boss);
      expect(await userIdOf(service, hubUser)).not.toBe(userId);
    });
  });

  describe('linked accounts', () => {
    test('belong to one account, also when two want the same at once', async () => {
      const service = instance();
      const hubUser = someGitHubUser(someEmail());
      const begun = [];
      const ids = [];
      for (let n = 0; n < 2; n++) {
        const id = await userIdOf(service, someGitHubUser(someEmail()));
        const { sessions } = await service.auth.listSessions({}, ground.asUser({ id }));
        const user = { id } as User;
        begun.push(await begin(service, 'two', hubUser, { user, linkSessionId: sessions[0]?.id ?? '' }));
        ids.push(id);
      }
      const ends = await Promise.all(begun.map((each) => finish(service, each)));
      expect(ends.map(({ error }) => error ?? 'done').sort()).toEqual(['conflict', 'done']);
      const lengths = await Promise.all(ids.map(async (id) => (await linkedOf(service, id)).length));
      expect(lengths.sort()).toEqual([1, 2]);
    });

    test('are not linked by a session that has ended, though another goes on', async () => {
      const service = instance();
      const id = await userIdOf(service, someGitHubUser(someEmail()));
      const me = ground.asUser({ id });
      const { sessions } = await service.auth.listSessions({}, me);
      const linkSessionId = sessions[0]?.id ?? '';
      const begun = await begin(service, 'two', someGitHubUser(someEmail()), { user: { id } as User, linkSessionId });
      await service.auth.endSession({ sessionId: linkSessionId }, me);
      expect((await finish(service, begun)).error).toBe('unauthenticated');
      expect(await linkedOf(service, id)).toHaveLength(1);
    });

    test('go one by one, and the last way in stays', async () => {
      const service = instance();
      const email = someEmail();
      const id = await userIdOf(service, someGitHubUser(email));
      await signIn(service, 'two', someGitHubUser(email));
      const accounts = await linkedOf(service, id);
      const me = ground.asUser({ id });
      const unlink = (linkedAccountId: string, context = me) =>
        outcome(service.auth.unlinkAccount({ linkedAccountId }, context));
      expect(await unlink(accounts[0]?.id ?? '', ground.asUser(await ground.account()))).toBe('not_found');
      const ends = await Promise.all(accounts.map((account) => unlink(account.id)));
      expect(ends.sort()).toEqual(['conflict', 'done']);
      const [left] = await linkedOf(service, id);
      // What no provider here can vouch for is no way in.
      const only = instance({ providers: [] });
      const json = { currentPassword: '', newPassword: password };
      await only.auth.changePassword(json, me);
      expect(await outcome(only.auth.unlinkAccount({ linkedAccountId: left?.id ?? '' }, me))).toBe('done');
    });

    test('are the last way in to an account without an e-mail, though it has a password', async () => {
      const service = instance();
      const id = await userIdOf(service, someGitHubUser(someEmail()));
      const me = ground.asUser({ id });
      await service.auth.changePassword({ currentPassword: '', newPassword: password }, me);
      // As for those who came with a token of an issuer that is a provider, too.
      await ground.db.unit((tx) =>
        tx
          .updateTable('users')
          .set({ email: noAddress(id) })
          .where('id', '=', id)
          .execute(),
      );
      const [linkedAccount] = await linkedOf(service, id);
      const unlinking = service.auth.unlinkAccount({ linkedAccountId: linkedAccount?.id ?? '' }, me);
      expect(await outcome(unlinking)).toBe('conflict');
    });

    test('of a provider that is configured no more open nothing', async () => {
      const service = instance();
      const email = someEmail();
      const id = await userIdOf(service, someGitHubUser(email));
      await signIn(service, 'two', someGitHubUser(email));
      const one = instance({
        providers: [{ kind: 'github', name: 'one', title: 'one', url: hubs.one.url, clientId: 'x', clientSecret: 'x' }],
      });
      const accounts = await linkedOf(one, id);
      expect(accounts.map(({ provider }) => provider)).toEqual([undefined, 'one']);
      const unlink = (at: number) =>
        outcome(one.auth.unlinkAccount({ linkedAccountId: accounts[at]?.id ?? '' }, ground.asUser({ id })));
      expect(await unlink(1)).toBe('conflict');
      expect(await unlink(0)).toBe('done');
    });
  });
}
