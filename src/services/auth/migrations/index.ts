import type { Migration } from '../../../drivers/database/port.ts';
import { users } from './0001_users.ts';
import { signIn } from './0002_sign_in.ts';
import { refreshTokensByUse } from './0003_refresh_tokens_by_use.ts';
import { mailTokens } from './0004_mail_tokens.ts';
import { identities } from './0005_identities.ts';
import { rateWindows } from './0006_rate_windows.ts';

/** In the order in which they run. */
export const AUTH_MIGRATIONS: readonly Migration[] = [
  users,
  signIn,
  refreshTokensByUse,
  mailTokens,
  identities,
  rateWindows,
];
