import type { AuthVerb } from '../deps.ts';
import { ACCESS_TOKEN_SECONDS } from '../tokens.ts';
import { userOf } from '../users/user-of.ts';
import { checkPassword } from './check-password.ts';
import { secondsUntil } from './lifetime.ts';
import { signIn } from './sign-in.ts';

export const logIn: AuthVerb<'logIn'> = (deps) => async (request, context) => {
  const checked = await checkPassword(deps, request, context);
  const { session, token } = await signIn(deps, { ...checked, kind: 'tokens', client: request.client }, context);
  return {
    accessToken: await deps.tokens.issue(session.user_id, session.id),
    expiresIn: ACCESS_TOKEN_SECONDS,
    user: userOf(checked.user),
    refreshToken: token,
    refreshExpiresIn: secondsUntil(session.expires_at, session.created_at),
  };
};
