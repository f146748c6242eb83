import { timingSafeEqual } from 'node:crypto';
import { type CallContext, withTimeout } from '../../../base/context.ts';
import { HoldfastError, toHoldfastError } from '../../../base/errors.ts';
import type { FinishProviderSignInRequest } from '../../../contract/holdfast/v1/auth.ts';
import { appendAudit } from '../audit/append.ts';
import type { AuthDeps, AuthVerb } from '../deps.ts';
import type { Provider } from '../providers/index.ts';
import { reasonsOf } from '../providers/refusal.ts';
import type { ProviderSignInsTable } from '../tables.ts';
import { linkIdentity } from './link.ts';
import { signInWith } from './sign-in.ts';
import { boundTo, browserHash, isSecret, stateHash } from './state.ts';

/** Milliseconds for all that is asked of the provider. */
const TIMEOUT = 25_000;

/** The user came back from the provider. */
export const finishProviderSignIn: AuthVerb<'finishProviderSignIn'> = (deps) => async (request, context) => {
  const { provider, begun, state } = await take(deps, request);
  const { return_to: returnTo, redirect_uri: redirectUri } = begun;
  const { client, replaces } = request;
  try {
    const identity = await provider.identify(
      new URL(`${redirectUri}?${request.query}`),
      { redirectUri, state, ...boundTo(state, deps.signInKey) },
      withTimeout(context, TIMEOUT).signal,
    );
    if (begun.user_id !== null) {
      await linkIdentity(deps, { userId: begun.user_id, begun, identity, provider: provider.name, client }, context);
      return { returnTo };
    }
    const { token } = await signInWith(deps, { begun, identity, method: provider.name, client, replaces }, context);
    return { returnTo, token };
  } catch (thrown) {
    return { returnTo, error: await refused(deps, { provider, request, thrown }, context) };
  }
};

interface Taken {
  readonly provider: Provider;
  readonly begun: ProviderSignInsTable;
  readonly state: string;
}

/**
 * What was begun, which nobody can take a second time. Throws `sign_in_expired` for every reason in the same words; from
 * another browser it is left as it is for the right one.
 */
async function take(
  { db, providers }: Pick<AuthDeps, 'db' | 'providers'>,
  { provider: name, query, browserToken }: FinishProviderSignInRequest,
): Promise<Taken> {
  const provider = providers.named(name);
  const states = new URLSearchParams(query).getAll('state');
  const [state = ''] = states;
  if (!provider || states.length !== 1 || !isSecret(state) || !isSecret(browserToken)) throw expired();
  const expected = browserHash({ state, browser: browserToken });
  const begun = await db.unit(async (tx) => {
    const row = await tx
      .selectFrom('provider_sign_ins')
      .selectAll()
      .where('state_hash', '=', stateHash(state))
      .forUpdate()
      .executeTakeFirst();
    if (!row || row.provider !== name || !isSame(row.browser_hash, expected)) return undefined;
    await tx.deleteFrom('provider_sign_ins').where('state_hash', '=', row.state_hash).execute();
    return row;
  });
  if (!begun || begun.expires_at <= Date.now()) throw expired();
  return { provider, begun, state };
}

interface Failure {
  readonly provider: Provider;
  readonly request: FinishProviderSignInRequest;
  readonly thrown: unknown;
}

/** Notes why it came to nothing. Answers the code that the browser is told. */
async function refused(
  { db, log }: Pick<AuthDeps, 'db' | 'log'>,
  { provider: { name }, request: { client }, thrown }: Failure,
  context: CallContext,
): Promise<string> {
  // Nobody is there any more to be told.
  if (context.signal.aborted) throw thrown;
  const error = toHoldfastError(thrown);
  const { code } = error;
  const about = { request_id: context.requestId, provider: name, code, reason: reasonsOf(thrown) };
  if (error.meaning.http === 500) log.error({ ...about, err: thrown }, 'a sign-in with a provider failed');
  else log.info(about, 'a sign-in with a provider was refused');
  const entry = { action: 'session.refused', target: ['user', ''], client, data: { method: name, code } } as const;
  await db.unit((tx) => appendAudit(tx, entry, context, Date.now()));
  return code;
}

const isSame = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));

const expired = () =>
  new HoldfastError(
    'sign_in_expired',
    'This sign-in was not begun in this browser, or is over. Go back to where you came from, and sign in again.',
  );
