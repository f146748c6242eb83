import type { Calls } from '../../../rpc/testing/calls.ts';
import { administrationLaws } from './administration.ts';
import { anyRequestLaws } from './any-request.ts';
import { type Place, useGround } from './ground.ts';
import { identityLaws } from './identities.ts';
import { mailLaws } from './mail.ts';
import { mailLinkLaws } from './mail-links.ts';
import { passwordLaws } from './passwords.ts';
import { rateLimitLaws } from './rate-limits.ts';
import { sessionLaws } from './sessions.ts';
import { signInLaws } from './sign-in.ts';
import { signUpByMailLaws } from './sign-up-by-mail.ts';

/** What the auth service keeps on every database, whichever way it is called. */
export function authLaws(start: () => Promise<Place>, calls?: Calls): void {
  const ground = useGround(start, calls);
  signInLaws(ground);
  sessionLaws(ground);
  passwordLaws(ground);
  administrationLaws(ground);
  rateLimitLaws(ground);
  identityLaws(ground);
  mailLinkLaws(ground);
  mailLaws(ground);
  signUpByMailLaws(ground);
  anyRequestLaws(ground);
}
