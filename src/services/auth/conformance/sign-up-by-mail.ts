import { describe, expect, test, vi } from 'vitest';
import { Role } from '../../../contract/holdfast/v1/auth.ts';
import { type Callable, type Ground, outcome, PASSWORD as password, someClient, someEmail } from './ground.ts';
import { useMailbox } from './mailbox.ts';

/** Signing up and in where e-mails have to be confirmed. */
export function signUpByMailLaws(ground: Ground): void {
  const { events, prepared, verifyLink, logIn, verify, reset, askVerification } = useMailbox(ground);

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
      const [hash, matches] = [vi.spyOn(ground.hashing, 'hash'), vi.spyOn(ground.hashing, 'matches')];
      const answers = [await signUp(service, email), await signUp(service, fresh)];
      expect(answers[0]).toEqual(answers[1]);
      expect([hash.mock.calls.length, matches.mock.calls.length]).toEqual([2, 0]);
      for (const spy of [hash, matches]) spy.mockRestore();
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

    test('whoever reads the mail of a stranger’s sign-up cannot confirm the stranger’s account', async () => {
      const service = required();
      const email = someEmail();
      await signUp(service, email, 'the stranger chose this');
      const id = await idOf(email);
      const { token } = await verifyLink(id);
      // Who has an account elsewhere by the same password, or signs up here as well, is no nearer to it.
      await signUp(service, email, password);
      for (const given of [password, '']) expect(await verify(token, given)).toBe('wrong_credentials');
      expect(await outcome(logIn(email, 'the stranger chose this', service))).toBe('email_unverified');
      expect((await ground.auth.getUser({ userId: id }, ground.asUser({ id }))).user?.emailVerified).toBe(false);
    });

    test('a stranger who signs up after somebody changes nothing of what that one chose', async () => {
      const service = required();
      const email = someEmail();
      await signUp(service, email);
      const { token } = await verifyLink(await idOf(email));
      await signUp(service, email, 'the stranger chose this');
      expect(await verify(token)).toBe('done');
      expect(await outcome(logIn(email, password, service))).toBe('done');
      expect(await outcome(logIn(email, 'the stranger chose this', service))).toBe('wrong_credentials');
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
}
