import { HoldfastError } from '../../../base/errors.ts';
import { isId } from '../../../base/ids.ts';
import { requireUser } from '../access.ts';
import type { AuthVerb } from '../deps.ts';
import { invitationHash } from '../invitations/use.ts';
import type { ProviderSignInsTable } from '../tables.ts';
import { signedOut } from './link.ts';
import { boundTo, browserHash, newSecrets, stateHash } from './state.ts';

/** Milliseconds for the user to sign in there: some have to find a telephone first. */
const LIFETIME = 10 * 60_000;

export const beginProviderSignIn: AuthVerb<'beginProviderSignIn'> =
  ({ db, providers, signInKey }) =>
  async ({ provider: name, redirectUri, returnTo, invitation, linkSessionId }, context) => {
    const provider = providers.named(name);
    if (!provider) throw new HoldfastError('not_found', 'Nobody of that name signs people in here.');
    const userId = linkSessionId === undefined ? null : requireUser(context);
    if (linkSessionId && !isId(linkSessionId)) throw signedOut();
    const secrets = newSecrets();
    const { state } = secrets;
    const url = await provider.urlFor({ redirectUri, state, ...boundTo(state, signInKey) }, context.signal);
    const now = Date.now();
    const row: ProviderSignInsTable = {
      state_hash: stateHash(state),
      browser_hash: browserHash(secrets),
      provider: name,
      redirect_uri: redirectUri,
      return_to: returnTo,
      invitation_hash: invitationHash(invitation) ?? null,
      user_id: userId,
      session_id: linkSessionId ?? null,
      created_at: now,
      expires_at: now + LIFETIME,
    };
    await db.unit((tx) => tx.insertInto('provider_sign_ins').values(row).execute());
    return { url, browserToken: secrets.browser, expiresAt: new Date(row.expires_at) };
  };
