import type { Configuration, IDToken, UserInfoResponse } from 'openid-client';
import { unlessAborted } from '../../../base/deadline.ts';
import { emailIfAny } from '../email.ts';
import { fetchJson, fetchMetadata, NoAnswer } from '../fetch.ts';
import { isSubject } from '../issuers/index.ts';
import { authorizationUrl, configurationFor, loadClient, TIMEOUT } from './client.ts';
import type { Provider, ProviderSettings } from './provider.ts';
import { refusing } from './refusal.ts';

/** Milliseconds after which a provider is asked again where its endpoints and keys are. */
const FRESH = 60 * 60_000;
const SCOPE = 'openid email profile';

type Oidc = Extract<ProviderSettings, { readonly kind: 'oidc' }>;

/** OpenID Connect Core 1.0: the code flow, with PKCE, state and nonce. */
export function createOidc(settings: Oidc): Provider {
  const { name, title, issuer } = settings;
  let known: { readonly since: number; readonly configuration: Promise<Configuration> } | undefined;

  const configured = (): Promise<Configuration> => {
    if (known && Date.now() - known.since <= FRESH) return known.configuration;
    const asked = { since: Date.now(), configuration: discover(settings) };
    known = asked;
    asked.configuration.catch(() => {
      if (known === asked) known = undefined;
    });
    return asked.configuration;
  };

  return {
    name,
    title,
    issuer,

    urlFor: (request, signal) =>
      refusing(title, signal, async () =>
        authorizationUrl(await configured(), request, { scope: SCOPE, nonce: request.nonce }),
      ),

    identify: (url, { state, nonce, verifier }, signal) =>
      refusing(title, signal, async () => {
        const [client, configuration] = await Promise.all([loadClient(), configured()]);
        const tokens = await client.authorizationCodeGrant(configuration, url, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (!claims || !isSubject(claims.sub)) throw new Error('The ID token names nobody.');
        const said = await withEmail(claims, () =>
          client.fetchUserInfo(configuration, tokens.access_token, claims.sub),
        );
        const { email, email_verified: verified } = said;
        return {
          issuer,
          subject: claims.sub,
          email: emailIfAny(email),
          // Some say it in a text. Where nothing is said, nobody has looked.
          emailVerified: verified === true || (verified as unknown) === 'true',
          name: typeof said.name === 'string' ? said.name : undefined,
        };
      }),

    async probe(signal) {
      await unlessAborted(signal, discover(settings));
    },
  };
}

/** Where the ID token does not name the e-mail, the provider does when it is asked. */
const withEmail = async (
  claims: IDToken,
  ask: () => Promise<UserInfoResponse>,
): Promise<Pick<UserInfoResponse, 'email' | 'email_verified' | 'name'>> =>
  claims.email === undefined ? ask() : (claims as UserInfoResponse);

async function discover(settings: Oidc): Promise<Configuration> {
  const { issuer } = settings;
  const metadata = await fetchMetadata(issuer, (url) => fetchJson(url, { timeout: TIMEOUT }));
  for (const endpoint of ['authorization_endpoint', 'token_endpoint', 'jwks_uri']) {
    if (typeof metadata[endpoint] !== 'string') throw new NoAnswer(`its metadata name no ${endpoint}`);
  }
  return configurationFor({ ...metadata, issuer }, settings);
}
