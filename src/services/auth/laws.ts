import { createHmac, randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ANONYMOUS, type CallContext, type Principal, serviceContext } from '../../base/context.ts';
import { newId } from '../../base/ids.ts';
import { AuthServiceDefinition } from '../../contract/holdfast/v1/auth.ts';
import { openDatabase } from '../../drivers/database/index.ts';
import type { Database, DatabaseServer } from '../../drivers/database/port.ts';
import type { Service } from '../../rpc/contract.ts';
import { type Calls, IN_PROCESS } from '../../rpc/testing/calls.ts';
import { createPasswordHashing } from './hashing.ts';
import { AUTH_MIGRATIONS, type AuthTables, createAuthService } from './index.ts';

/** An empty database that nobody else uses. */
interface Place {
  readonly url: string;
  readonly dataDir: string;
  stop(): Promise<void>;
}

/** What the auth service keeps on every database, whichever way it is called. */
export function authLaws(start: () => Promise<Place>, calls: Calls = IN_PROCESS): void {
  const log = pino({ level: 'silent' });
  const signingKey = randomBytes(32);
  const password = 'correct horse battery';

  let place: Place;
  let server: DatabaseServer;
  let db: Database<AuthTables>;
  let auth: Service<AuthServiceDefinition>;

  /** As strong as it must be to be seen working. */
  const hashing = createPasswordHashing({ cost: 4 });

  const create = (signup: 'open' | 'closed', key = signingKey) =>
    calls.to(AuthServiceDefinition, createAuthService({ db, signingKey: key, signup, log, hashing }));

  const as = (principal: Principal): CallContext => ({ ...serviceContext('test', log, newId()), principal });
  const anonymous = as(ANONYMOUS);

  beforeAll(async () => {
    place = await start();
    server = await openDatabase(place.url, { dataDir: place.dataDir, log });
    db = server.view();
    await db.migrate('auth', AUTH_MIGRATIONS);
    auth = create('open');
  });

  afterAll(async () => {
    await calls.close();
    await server.close();
    await place.stop();
  });

  async function account(email = `${newId()}@example.com`) {
    const { user } = await auth.signUp({ email, password }, anonymous);
    if (!user) throw new Error('no user');
    return user;
  }

  describe('sign-up', () => {
    test('makes an account in its normal form, and keeps no password', async () => {
      const before = Date.now();
      const { user } = await auth.signUp({ email: ' Zoë@Example.COM', password, name: ' Zoe\u0308 ' }, anonymous);
      expect(user).toMatchObject({ email: 'zoë@example.com', name: 'Zoë' });
      expect(user?.createdAt?.getTime()).toBeGreaterThanOrEqual(before);
      const rows = await db.reader.selectFrom('users').selectAll().execute();
      expect(JSON.stringify(rows)).not.toContain(password);
    });

    test('an e-mail is taken once, however it is written', async () => {
      await account('josé@example.com');
      for (const email of ['josé@example.com', 'JOSE\u0301@EXAMPLE.com']) {
        await expect(auth.signUp({ email, password }, anonymous)).rejects.toMatchObject({ code: 'email_taken' });
      }
    });

    test('of several at once one gets it', async () => {
      const email = `${newId()}@example.com`;
      const results = await Promise.allSettled([1, 2, 3, 4].map(() => auth.signUp({ email, password }, anonymous)));
      const failed = results.filter((result) => result.status === 'rejected');
      expect(failed.map(({ reason }) => reason.code)).toEqual(['email_taken', 'email_taken', 'email_taken']);
    });

    test.each([
      ['email', { email: 'nobody', password }],
      ['password', { email: 'a@example.com', password: 'short' }],
      ['password', { email: 'a@example.com', password: 'x'.repeat(73) }],
      ['name', { email: 'a@example.com', password, name: 'Ada\r\nBcc: all@example.com' }],
      ['name', { email: 'a@example.com', password, name: 'x'.repeat(201) }],
    ])('says that the %s is wrong', async (path, request) => {
      await expect(auth.signUp(request, anonymous)).rejects.toMatchObject({
        code: 'invalid_request',
        fields: [{ path }],
      });
    });

    test('closed, it says so', async () => {
      await expect(create('closed').signUp({ email: 'a@example.com', password }, anonymous)).rejects.toMatchObject({
        code: 'forbidden',
      });
    });
  });

  describe('log-in', () => {
    test('gives a token for the account, whichever way the e-mail is written', async () => {
      const user = await account();
      const {
        accessToken,
        expiresIn,
        user: answered,
      } = await auth.logIn({ email: ` ${user.email.toUpperCase()}`, password }, anonymous);
      expect(answered).toEqual(user);
      expect(expiresIn).toBe(900);
      const { userId, expiresAt } = await auth.authenticate({ token: accessToken }, anonymous);
      expect(userId).toBe(user.id);
      expect(Math.abs((expiresAt?.getTime() ?? 0) - Date.now() - 900_000)).toBeLessThan(5_000);
    });

    test('takes a password of exactly 72 bytes, and not one that only begins with it', async () => {
      const email = `${newId()}@example.com`;
      const longest = 'p'.repeat(72);
      await auth.signUp({ email, password: longest }, anonymous);
      await expect(auth.logIn({ email, password: longest }, anonymous)).resolves.toBeDefined();
      await expect(auth.logIn({ email, password: `${longest}p` }, anonymous)).rejects.toMatchObject({
        code: 'wrong_credentials',
      });
    });

    test('answers the same whatever is wrong', async () => {
      const { email } = await account();
      const hashed = vi.spyOn(hashing, 'matches');
      const answers = await Promise.all(
        [
          { email, password: 'incorrect horse battery' },
          { email, password: '' },
          { email, password: 'x'.repeat(10_000) },
          { email: 'nobody@example.com', password },
          { email: 'not an e-mail', password },
          { email: '', password: '' },
        ].map((request) => auth.logIn(request, anonymous).catch(({ code, detail }) => ({ code, detail }))),
      );
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect(answers[0]).toMatchObject({ code: 'wrong_credentials' });
      // The same time, too: each was hashed.
      expect(hashed).toHaveBeenCalledTimes(answers.length);
    });
  });

  describe('authenticate', () => {
    const tokenOf = async (email: string) => (await auth.logIn({ email, password }, anonymous)).accessToken;

    test('refuses what another key signed, though the account is there', async () => {
      const { email } = await account();
      const other = create('open', randomBytes(32));
      const { accessToken } = await other.logIn({ email, password }, anonymous);
      await expect(auth.authenticate({ token: accessToken }, anonymous)).rejects.toMatchObject({
        code: 'unauthenticated',
      });
    });

    test('refuses a token altered after it was taken', async () => {
      const { email } = await account();
      const token = await tokenOf(email);
      await auth.authenticate({ token }, anonymous);
      const [header, payload] = token.split('.') as [string, string];
      const claims = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: newId() };
      const altered = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${token.split('.')[2]}`;
      await expect(auth.authenticate({ token: altered }, anonymous)).rejects.toMatchObject({ code: 'unauthenticated' });
      await expect(auth.authenticate({ token }, anonymous)).resolves.toBeDefined();
    });

    test('refuses an expired token, also one that it remembers', async () => {
      const { id } = await account();
      const now = Math.floor(Date.now() / 1_000);
      const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
      const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ iss: 'holdfast', aud: 'holdfast', sub: id, iat: now, exp: now + 1 })}`;
      const token = `${signed}.${createHmac('sha256', signingKey).update(signed).digest('base64url')}`;
      await expect(auth.authenticate({ token }, anonymous)).resolves.toMatchObject({ userId: id });
      vi.useFakeTimers({ now: (now + 7) * 1_000, toFake: ['Date'] });
      try {
        await expect(auth.authenticate({ token }, anonymous)).rejects.toMatchObject({ code: 'unauthenticated' });
      } finally {
        vi.useRealTimers();
      }
    });

    test('refuses the token of an account that is gone, within a second', async () => {
      const { id, email } = await account();
      const token = await tokenOf(email);
      await auth.authenticate({ token }, anonymous);
      await db.unit((tx) => tx.deleteFrom('users').where('id', '=', id).execute());
      await expect
        .poll(() => auth.authenticate({ token }, anonymous).catch(({ code }) => code), { timeout: 5_000 })
        .toBe('unauthenticated');
    });

    test('an answer is remembered, a refusal is not', async () => {
      const { id, email } = await account();
      const token = await tokenOf(email);
      const row = await db.reader.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
      await db.unit((tx) => tx.deleteFrom('users').where('id', '=', id).execute());
      await expect(auth.authenticate({ token }, anonymous)).rejects.toMatchObject({ code: 'unauthenticated' });
      await db.unit((tx) => tx.insertInto('users').values(row).execute());
      await expect(auth.authenticate({ token }, anonymous)).resolves.toMatchObject({ userId: id });
    });
  });

  describe('getUser', () => {
    test('shows users themselves, and to services everybody', async () => {
      const user = await account();
      for (const principal of [
        { kind: 'user', ownerId: user.id },
        { kind: 'service', name: 'gateway' },
      ] as const) {
        expect(await auth.getUser({ userId: user.id }, as(principal))).toEqual({ user });
      }
    });

    test('of others nobody hears that they are there', async () => {
      const [one, other] = [await account(), await account()];
      const me = as({ kind: 'user', ownerId: one.id });
      const strangers = await Promise.all(
        [other.id, newId(), 'none'].map((userId) =>
          auth.getUser({ userId }, me).catch(({ code, detail }) => ({ code, detail })),
        ),
      );
      expect(new Set(strangers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect(strangers[0]).toMatchObject({ code: 'not_found' });
      await expect(auth.getUser({ userId: one.id }, anonymous)).rejects.toMatchObject({ code: 'unauthenticated' });
    });
  });
}
