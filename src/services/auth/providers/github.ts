import type { Configuration } from 'openid-client';
import { emailIfAny } from '../email.ts';
import { fetchJson } from '../fetch.ts';
import { authorizationUrl, configurationFor, loadClient, TIMEOUT } from './client.ts';
import type { Provider, ProviderSettings } from './provider.ts';
import { refusing } from './refusal.ts';

/** The e-mails that a profile does not show, too. */
const SCOPE = 'read:user user:email';
const API_VERSION = '2022-11-28';

type GitHub = Extract<ProviderSettings, { readonly kind: 'github' }>;

/**
 * GitHub is plain OAuth 2.0: who somebody is, its API says, for the token that the code is exchanged for. Only the
 * primary e-mail counts: others can be taken away and given to somebody else while the account is the same.
 */
export function createGitHub(settings: GitHub): Provider {
  const { name, title, url } = settings;
  const api = apiOf(url);
  let configuration: Promise<Configuration> | undefined;
  const configured = () => {
    configuration ??= configurationFor(
      {
        issuer: url,
        authorization_endpoint: `${url}/login/oauth/authorize`,
        token_endpoint: `${url}/login/oauth/access_token`,
        token_endpoint_auth_methods_supported: ['client_secret_post'],
      },
      settings,
    );
    return configuration;
  };

  return {
    name,
    title,
    issuer: url,

    urlFor: (request, signal) =>
      refusing(title, signal, async () => authorizationUrl(await configured(), request, { scope: SCOPE })),

    identify: (back, { state, verifier }, signal) =>
      refusing(title, signal, async () => {
        const client = await loadClient();
        const tokens = await client.authorizationCodeGrant(await configured(), back, {
          expectedState: state,
          pkceCodeVerifier: verifier,
        });
        const asked = { headers: headersFor(tokens.access_token), timeout: TIMEOUT };
        const [user, emails] = await Promise.all([
          fetchJson(`${api}/user`, asked),
          fetchJson(`${api}/user/emails`, asked),
        ]);
        const { id, name: called } = user;
        if (!Number.isSafeInteger(id)) throw new Error('The profile has no id.');
        const email = verifiedPrimary(emails);
        return {
          issuer: url,
          // Names change hands, ids do not.
          subject: String(id),
          email,
          emailVerified: email !== null,
          name: typeof called === 'string' ? called : undefined,
        };
      }),

    async probe(signal) {
      await fetchJson(`${api}/`, { headers: headersFor(undefined), signal });
    },
  };
}

/** Of github.com on a host of its own; of GitHub Enterprise Server under its own. */
const apiOf = (url: string): string => (url === 'https://github.com' ? 'https://api.github.com' : `${url}/api/v3`);

const headersFor = (token: string | undefined): Record<string, string> => ({
  accept: 'application/vnd.github+json',
  'x-github-api-version': API_VERSION,
  'user-agent': 'Holdfast',
  ...(token !== undefined && { authorization: `Bearer ${token}` }),
});

interface Email {
  readonly email?: unknown;
  readonly primary?: unknown;
  readonly verified?: unknown;
}

function verifiedPrimary(emails: unknown): string | null {
  const all: readonly (Email | null)[] = Array.isArray(emails) ? emails : [];
  const { email } = all.find((one) => one?.primary === true && one.verified === true) ?? {};
  return emailIfAny(email);
}
