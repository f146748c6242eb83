import type { AuthVerb } from '../deps.ts';

/** For a page to sign in on. */
export const listSignInProviders: AuthVerb<'listSignInProviders'> =
  ({ providers }) =>
  async () => ({ providers: providers.all.map(({ name, title }) => ({ name, title })) });
