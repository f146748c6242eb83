import type { AuthVerb } from '../deps.ts';
import { userOf } from '../users/user-of.ts';
import { checkPassword } from './check-password.ts';
import { sessionOf } from './session-of.ts';
import { signIn } from './sign-in.ts';

export const createSession: AuthVerb<'createSession'> = (deps) => async (request, context) => {
  const { client, replaces } = request;
  const checked = await checkPassword(deps, request, context);
  const { session, token } = await signIn(deps, { ...checked, kind: 'web', client, replaces }, context);
  return { token, user: userOf(checked.user), session: sessionOf(session) };
};
