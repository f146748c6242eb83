import type { Config } from '../config.ts';
import type { IssuerSettings, ProviderSettings } from '../services/auth/index.ts';

const GOOGLE = 'https://accounts.google.com';

/** Others whose tokens are taken here. */
export const issuersOf = ({ authIssuer, authJwksUrl, authAudience }: Config): IssuerSettings[] =>
  authIssuer.map((issuer, at) => ({
    issuer,
    jwksUrl: authJwksUrl[at],
    audience: (authAudience.length === 1 ? authAudience[0] : authAudience[at]) as string,
  }));

/** With whom people sign in, in the order in which a page shows them. */
export function providersOf(config: Config): ProviderSettings[] {
  const { googleClientId, googleClientSecret, githubClientId, githubClientSecret, githubUrl } = config;
  const all: ProviderSettings[] = [];
  if (googleClientId !== undefined && googleClientSecret !== undefined) {
    const registered = { clientId: googleClientId, clientSecret: googleClientSecret };
    all.push({ kind: 'oidc', name: 'google', title: 'Google', issuer: GOOGLE, ...registered });
  }
  if (githubClientId !== undefined && githubClientSecret !== undefined) {
    const registered = { clientId: githubClientId, clientSecret: githubClientSecret };
    all.push({ kind: 'github', name: 'github', title: 'GitHub', url: githubUrl, ...registered });
  }
  const { oidcIssuer, oidcName, oidcClientId, oidcClientSecret } = config;
  for (const [at, issuer] of oidcIssuer.entries()) {
    const name = oidcName[at] ?? 'oidc';
    const registered = { clientId: oidcClientId[at] as string, clientSecret: oidcClientSecret[at] as string };
    all.push({ kind: 'oidc', name, title: name, issuer, ...registered });
  }
  return all;
}
