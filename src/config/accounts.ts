import { oneOf, setting } from './setting.ts';

export type SignupMode = 'open' | 'closed';

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
  signup: setting('SIGNUP', 'open', 'open or closed', oneOf<SignupMode>('open', 'closed'), 'Who may make an account.'),
} as const;
