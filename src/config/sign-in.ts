import { isLoopback } from '../base/network.ts';
import { allOf, list, origin, setting, text } from './setting.ts';

/** Lists that belong together: as many of each, in the same order. */
const IN_ORDER = 'separated by commas';
const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
/** Routes of these names are something else. */
const RESERVED = ['providers', 'accounts', 'google', 'github'];

/** Somebody who says who people are: by TLS, or on this machine. */
export function isParty(value: string): boolean {
  if (!URL.canParse(value) || value.length > 512) return false;
  const { protocol, hostname, username, search, hash } = new URL(value);
  if (username !== '' || search !== '' || hash !== '') return false;
  const here = isLoopback(hostname.replace(/^\[|\]$/g, ''));
  return protocol === 'https:' || (protocol === 'http:' && here);
}

/** A list in which nothing comes twice. */
const distinct = (check: (item: string) => boolean) => (value: string) => {
  const all = allOf(check)(value);
  return all && new Set(all).size === all.length ? all : undefined;
};
const parties = distinct(isParty);
const names = distinct((name) => NAME.test(name) && !RESERVED.includes(name));
const secret = { secret: true } as const;

/** Others who say who people are. */
export const SIGN_IN = {
  authIssuer: setting(
    'AUTH_ISSUER',
    '',
    `https URLs, ${IN_ORDER}`,
    parties,
    'Issuers of JWTs that are taken in place of access tokens, as they stand in `iss`: your own accounts. See docs/sign-in.md.',
  ),
  authJwksUrl: setting(
    'AUTH_JWKS_URL',
    '',
    `https URLs, one for each of AUTH_ISSUER, ${IN_ORDER}`,
    allOf(isParty),
    'Where the keys of `AUTH_ISSUER` are. Default: where `<issuer>/.well-known/openid-configuration` says.',
  ),
  authAudience: setting(
    'AUTH_AUDIENCE',
    '',
    `one for all of AUTH_ISSUER, or one for each, ${IN_ORDER}`,
    list,
    'What `aud` of those JWTs has to hold. Required with `AUTH_ISSUER`.',
  ),
  googleClientId: setting('GOOGLE_CLIENT_ID', undefined, 'a client id', text, 'Lets people sign in with Google.'),
  googleClientSecret: setting(
    'GOOGLE_CLIENT_SECRET',
    undefined,
    'its secret',
    text,
    'The secret that goes with `GOOGLE_CLIENT_ID`.',
    secret,
  ),
  githubClientId: setting('GITHUB_CLIENT_ID', undefined, 'a client id', text, 'Lets people sign in with GitHub.'),
  githubClientSecret: setting(
    'GITHUB_CLIENT_SECRET',
    undefined,
    'its secret',
    text,
    'The secret that goes with `GITHUB_CLIENT_ID`.',
    secret,
  ),
  githubUrl: setting(
    'GITHUB_URL',
    'https://github.com',
    'an https URL',
    (value) => (isParty(value) ? value.replace(/\/+$/, '') : undefined),
    'For a GitHub Enterprise Server: where it is.',
  ),
  oidcIssuer: setting(
    'OIDC_ISSUER',
    '',
    `https URLs, ${IN_ORDER}`,
    parties,
    'Other OpenID Connect providers with whom people sign in, as they call themselves.',
  ),
  oidcName: setting(
    'OIDC_NAME',
    '',
    `one for each of OIDC_ISSUER, of a-z, 0-9 and -, ${IN_ORDER}`,
    names,
    'What they are called in URLs and shown as. Default where there is one: `oidc`.',
  ),
  oidcClientId: setting(
    'OIDC_CLIENT_ID',
    '',
    `one for each of OIDC_ISSUER, ${IN_ORDER}`,
    list,
    'The client ids that these providers gave you.',
  ),
  oidcClientSecret: setting(
    'OIDC_CLIENT_SECRET',
    '',
    `one for each of OIDC_ISSUER, ${IN_ORDER}`,
    list,
    'The secrets that go with `OIDC_CLIENT_ID`.',
    secret,
  ),
  signInOrigins: setting(
    'SIGN_IN_ORIGINS',
    '',
    'origins such as https://app.example.com, separated by commas',
    allOf(origin),
    'Where else a browser may be sent after signing in with a provider. Default: to this server alone.',
  ),
} as const;

interface Given {
  readonly authIssuer: readonly string[];
  readonly authJwksUrl: readonly string[];
  readonly authAudience: readonly string[];
  readonly googleClientId: string | undefined;
  readonly googleClientSecret: string | undefined;
  readonly githubClientId: string | undefined;
  readonly githubClientSecret: string | undefined;
  readonly oidcIssuer: readonly string[];
  readonly oidcName: readonly string[];
  readonly oidcClientId: readonly string[];
  readonly oidcClientSecret: readonly string[];
}

/** What of it is right by itself and wrong together. */
export function signInContradictions(config: Given): string[] {
  const problems: string[] = [];
  const { authIssuer, authJwksUrl, authAudience, oidcIssuer, oidcName, oidcClientId, oidcClientSecret } = config;
  if (authJwksUrl.length > 0 && authJwksUrl.length !== authIssuer.length) {
    problems.push('AUTH_JWKS_URL: name one for each of AUTH_ISSUER, in the same order, or none.');
  }
  if (authIssuer.length > 0 ? ![1, authIssuer.length].includes(authAudience.length) : authAudience.length > 0) {
    problems.push('AUTH_AUDIENCE: name one for all of AUTH_ISSUER, or one for each, in the same order.');
  }
  for (const who of ['google', 'github'] as const) {
    if ((config[`${who}ClientId`] === undefined) !== (config[`${who}ClientSecret`] === undefined)) {
      const name = who.toUpperCase();
      problems.push(`${name}_CLIENT_ID and ${name}_CLIENT_SECRET: set both, or neither.`);
    }
  }
  const unnamed = oidcIssuer.length === 1 && oidcName.length === 0;
  const lengths = [oidcClientId.length, oidcClientSecret.length, unnamed ? 1 : oidcName.length];
  if (lengths.some((length) => length !== oidcIssuer.length)) {
    problems.push(
      'OIDC_ISSUER, OIDC_NAME, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET: name as many of each, in the same order.',
    );
  }
  return problems;
}
