import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import Provider from 'oidc-provider';
import { type LocalServer, serve } from '../local-server.ts';

/** Somebody at an OpenID provider. */
export interface OidcUser {
  readonly sub: string;
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly name?: string;
}

export interface OidcServer extends LocalServer {
  /** Who signs in there next, and lets every application in. */
  user: OidcUser;
  /** Whether the user says no. */
  denies: boolean;
  /** Where browsers may be sent back to. */
  allow(redirectUri: string): void;
  readonly env: Readonly<Record<string, string>>;
}

const CLIENT = { id: 'holdfast', secret: 'oidc-secret-of-a-test' };

export const someOidcUser = (email?: string, more: Partial<OidcUser> = {}): OidcUser => ({
  sub: randomBytes(8).toString('hex'),
  name: 'Ada',
  ...(email !== undefined && { email, email_verified: true }),
  ...more,
});

/** A real OpenID provider, whose users sign in by being there. It wants PKCE. */
export async function startOidc(name = 'keycloak'): Promise<OidcServer> {
  const users = new Map<string, OidcUser>();
  let provider: Provider | undefined;
  let handle: ReturnType<Provider['callback']> | undefined;

  const setUp = (issuer: string, redirectUris: string[]) => {
    provider = new Provider(issuer, {
      clients: [{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: redirectUris }],
      cookies: { keys: ['a key of a test'] },
      pkce: { required: () => true },
      features: { devInteractions: { enabled: false } },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
      interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
      findAccount: (_context, sub) => ({ accountId: sub, claims: async () => ({ ...users.get(sub), sub }) }),
      ttl: { Session: 3600, Interaction: 600, Grant: 3600, AccessToken: 600, IdToken: 600 },
    });
    handle = provider.callback();
  };

  async function interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!provider) throw new Error('The provider is not set up.');
    const { params } = await provider.interactionDetails(request, response);
    if (server.denies) {
      await provider.interactionFinished(request, response, { error: 'access_denied' });
      return;
    }
    const { sub } = server.user;
    users.set(sub, server.user);
    const grant = new provider.Grant({ accountId: sub, clientId: params.client_id as string });
    grant.addOIDCScope('openid email profile');
    const result = { login: { accountId: sub }, consent: { grantId: await grant.save() } };
    await provider.interactionFinished(request, response, result);
  }

  const local = await serve(async (request, response) => {
    if (request.url?.startsWith('/interaction/')) await interact(request, response);
    else await handle?.(request, response);
  });
  const redirectUris: string[] = [];
  const server: OidcServer = {
    ...local,
    user: someOidcUser(),
    denies: false,
    allow(redirectUri) {
      redirectUris.push(redirectUri);
      setUp(local.url, redirectUris);
    },
    env: {
      OIDC_NAME: name,
      OIDC_ISSUER: local.url,
      OIDC_CLIENT_ID: CLIENT.id,
      OIDC_CLIENT_SECRET: CLIENT.secret,
    },
  };
  server.allow('http://127.0.0.1/none');
  return server;
}
