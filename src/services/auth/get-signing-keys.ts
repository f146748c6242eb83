import type { AuthVerb } from './deps.ts';

/** For whoever wants to verify access tokens without asking. */
export const getSigningKeys: AuthVerb<'getSigningKeys'> =
  ({ tokens }) =>
  async () => ({ keys: tokens.publicKeys.map((key) => ({ ...key })) });
