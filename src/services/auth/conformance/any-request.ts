import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { AccountAdminServiceDefinition } from '../../../contract/holdfast/v1/account_admin.ts';
import { AuthServiceDefinition } from '../../../contract/holdfast/v1/auth.ts';
import { methodsOf } from '../../../rpc/contract.ts';
import { anyRequest } from '../../../rpc/testing/any-request.ts';
import { type Callable, type Ground, PASSWORD as password, someClient } from './ground.ts';
import { useMailbox } from './mailbox.ts';

const DEFINITIONS = { auth: AuthServiceDefinition, admin: AccountAdminServiceDefinition } as const;

/** Whatever anybody sends that is a message of the method, what comes of it is no fault of ours. */
export function anyRequestLaws(ground: Ground): void {
  const { askVerification, askReset, verifyLink, resetLink } = useMailbox(ground);
  /** GitHub is asked for nothing before somebody comes back from it. */
  const hub = { kind: 'github', name: 'hub', title: 'Hub', url: 'http://127.0.0.1:9' } as const;
  let service: Callable;
  beforeAll(() => {
    service = ground.create({ providers: [{ ...hub, clientId: 'us', clientSecret: 'secret' }] });
  });

  /** What there is of an account, and of what it may be asked by. */
  async function someOf(user: { readonly id: string; readonly email: string }): Promise<string[]> {
    const me = ground.asUser(user);
    const credentials = { email: user.email, password, client: someClient() };
    const { accessToken, refreshToken } = await ground.auth.logIn(credentials, ground.anonymous);
    const { token, session } = await ground.auth.createSession(credentials, ground.anonymous);
    const api = await ground.auth.createApiToken({ name: 'ci', scopes: ['jobs'], userId: '' }, me);
    await askVerification(user.email);
    await askReset(user.email);
    const links = [await verifyLink(user.id), await resetLink(user.id)];
    return [
      ...[user.id, user.email, session?.id ?? '', api.apiToken?.id ?? ''],
      ...[accessToken, refreshToken, token, api.token, ...links.map((link) => link.token)],
    ];
  }

  describe.each(Object.entries(DEFINITIONS))('any request of %s', (contract, definition) => {
    test.each(methodsOf(definition))('%s', async (key, method) => {
      const user = await ground.account();
      const texts = [...(await someOf(user)), password, 'jobs', 'hub', 'user', '10.0.0.1'];
      const callers = [
        ground.anonymous,
        ground.asUser(user),
        ground.asUser(await ground.adminAccount()),
        ground.service,
      ];
      const call = service[contract as 'auth'][key as 'getUser'];
      await fc.assert(
        fc.asyncProperty(
          anyRequest(definition, method, { texts }),
          fc.constantFrom(...callers),
          async (request, as) => {
            const code = await call(request as never, as).then(
              () => 'ok',
              (error) => error.code,
            );
            expect(code).not.toBe('internal');
          },
        ),
        { numRuns: 40 },
      );
    });
  });
}
