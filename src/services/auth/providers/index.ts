import { createGitHub } from './github.ts';
import { createOidc } from './oidc.ts';
import type { Provider, ProviderSettings } from './provider.ts';

export type { ProvidedIdentity, Provider, ProviderSettings } from './provider.ts';

export interface Providers {
  readonly all: readonly Provider[];
  named(name: string): Provider | undefined;
  ofIssuer(issuer: string): Provider | undefined;
}

export const createProvider = (settings: ProviderSettings): Provider =>
  settings.kind === 'github' ? createGitHub(settings) : createOidc(settings);

/** Those that are configured, by their names and by who vouches. */
export function createProviders(settings: readonly ProviderSettings[]): Providers {
  const all = settings.map(createProvider);
  return {
    all,
    named: (name) => all.find((one) => one.name === name),
    ofIssuer: (issuer) => all.find((one) => one.issuer === issuer),
  };
}
