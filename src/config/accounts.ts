import { resolve } from 'node:path';
import { parseDuration } from '../base/units.ts';
import { atLeast, list, oneOf, setting } from './setting.ts';

export type SignupMode = 'open' | 'invite' | 'closed';
export type EmailVerificationMode = 'optional' | 'required';

/** Who may come in. */
export const ACCOUNTS = {
  jwtSecret: setting(
    'JWT_SECRET',
    undefined,
    'at least 32 characters',
    (value) => (value.length >= 32 ? value : undefined),
    'Signs access tokens and URLs. Default with `sqlite:`: made once and kept in `DATA_DIR`; required otherwise.',
    { secret: true },
  ),
  jwtPrivateKeys: setting(
    'JWT_PRIVATE_KEYS',
    '',
    'files with a private key in PEM, separated by commas',
    (value) => list(value).map((file) => resolve(file)),
    'Keys (Ed25519, P-256 or RSA) that sign access tokens in place of `JWT_SECRET`: the first signs, all verify.',
  ),
  signup: setting(
    'SIGNUP',
    'open',
    'open, invite or closed',
    oneOf<SignupMode>('open', 'invite', 'closed'),
    'Who may make an account: `open` anybody, `invite` whoever was invited, `closed` admins alone.',
  ),
  emailVerification: setting(
    'EMAIL_VERIFICATION',
    'optional',
    'optional or required',
    oneOf<EmailVerificationMode>('optional', 'required'),
    '`required`: signing in by password takes an e-mail address that was confirmed by the link in a mail.',
  ),
  auditRetention: setting(
    'AUDIT_RETENTION',
    '180d',
    'a time of 1d or more, such as 180d',
    atLeast(24 * 3600_000, parseDuration),
    'How long the audit trail is kept.',
  ),
} as const;
