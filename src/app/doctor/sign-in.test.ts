import { afterAll, expect, test } from 'vitest';
import { startGitHub } from '../../../test/harness/sign-in/github.ts';
import { AUDIENCE, startIssuer } from '../../../test/harness/sign-in/issuer.ts';
import { startOidc } from '../../../test/harness/sign-in/oidc.ts';
import { readConfig } from '../../config.ts';
import { examineSignIn } from './sign-in.ts';

const [issuer, oidc, github] = await Promise.all([startIssuer(), startOidc(), startGitHub()]);
afterAll(() => Promise.all([issuer, oidc, github].map((each) => each.stop())));

const findings = (env: Readonly<Record<string, string>>) =>
  Array.fromAsync(examineSignIn(readConfig(env), AbortSignal.timeout(20_000)));

test('nothing is looked at where nobody is asked', async () => {
  expect(await findings({})).toEqual([]);
});

test('each of them is asked, and a line says how it went', async () => {
  const env = { PUBLIC_URL: 'https://files.example.com', ...oidc.env, ...github.env };
  const all = { ...env, AUTH_ISSUER: `${issuer.url},http://127.0.0.1:1`, AUTH_AUDIENCE: AUDIENCE };
  expect(await findings(all)).toEqual([
    { name: 'issuer', state: 'ok', detail: `${issuer.url}: 1 key` },
    {
      name: 'issuer',
      state: 'failed',
      detail: expect.stringMatching(/^http:\/\/127\.0\.0\.1:1 cannot be used: .+\.$/),
      remedy: expect.stringContaining('AUTH_ISSUER'),
    },
    { name: 'sign-in with github', state: 'ok', detail: `${github.url}: answers` },
    { name: 'sign-in with keycloak', state: 'ok', detail: `${oidc.url}: answers` },
  ]);
});

test('an issuer that calls itself otherwise is none', async () => {
  const [finding] = await findings({ ...oidc.env, OIDC_ISSUER: `${oidc.url}/` });
  expect(finding).toMatchObject({ state: 'failed', detail: expect.stringContaining('says that it is') });
});

test('where browsers are sent back to has to be known', async () => {
  expect((await findings(github.env)).at(-1)).toMatchObject({ name: 'sign-in', state: 'warning' });
});
