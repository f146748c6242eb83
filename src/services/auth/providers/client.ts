import type { Configuration, ServerMetadata } from 'openid-client';
import { fetchWhole } from '../fetch.ts';
import type { Request } from './provider.ts';

/** Loaded when somebody signs in so: most servers never need it. */
export const loadClient = () => import('openid-client');

/** Milliseconds for each request: a person waits, and would have to begin again. */
export const TIMEOUT = 10_000;

interface Registered {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** How servers want to be shown the secret, where they do not say (OpenID Connect Discovery 1.0, section 3). */
const DEFAULT_METHODS = ['client_secret_basic'];

/** We, as a server with this metadata knows us. */
export async function configurationFor(
  metadata: ServerMetadata,
  { clientId, clientSecret }: Registered,
): Promise<Configuration> {
  const client = await loadClient();
  const methods = metadata.token_endpoint_auth_methods_supported ?? DEFAULT_METHODS;
  const show = methods.includes('client_secret_basic') ? client.ClientSecretBasic : client.ClientSecretPost;
  const configuration = new client.Configuration(metadata, clientId, undefined, show(clientSecret));
  configuration[client.customFetch] = (url, options) =>
    fetchWhole(url, { ...(options as RequestInit), timeout: TIMEOUT });
  // The ID token came by TLS from whoever signed it; its signature is looked at nevertheless.
  client.enableNonRepudiationChecks(configuration);
  // Only for a provider on this machine: for others, the settings take https alone.
  if (metadata.issuer.startsWith('http:')) client.allowInsecureRequests(configuration);
  return configuration;
}

/** Where the browser goes to sign in, with PKCE. `more` is what the provider takes beside it. */
export async function authorizationUrl(
  configuration: Configuration,
  { redirectUri, state, verifier }: Request,
  more: Readonly<Record<string, string>>,
): Promise<string> {
  const client = await loadClient();
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    state,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...more,
  });
  return url.href;
}
