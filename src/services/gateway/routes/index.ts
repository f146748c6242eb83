import type { RouteModule } from '../app.ts';
import { accountPageRoutes } from './account-pages.ts';
import { adminAuditRoutes } from './admin-audit.ts';
import { adminInvitationRoutes } from './admin-invitations.ts';
import { adminJobRoutes } from './admin-jobs.ts';
import { adminUsageRoutes } from './admin-usage.ts';
import { adminUserRoutes } from './admin-users.ts';
import { authRoutes } from './auth.ts';
import { authMailRoutes } from './auth-mail.ts';
import { authMeRoutes } from './auth-me.ts';
import { authOAuthRoutes } from './auth-oauth.ts';
import { authSessionRoutes } from './auth-sessions.ts';
import { authTokenRoutes } from './auth-tokens.ts';
import { contentRoutes } from './content.ts';
import { docsRoutes } from './docs.ts';
import { downloadUrlRoutes } from './download-url.ts';
import { fileRoutes } from './files.ts';
import { healthRoutes } from './health.ts';
import { jobRoutes } from './jobs.ts';
import { publicRoutes } from './public.ts';
import { signedRoutes } from './signed.ts';
import { signedPutRoutes } from './signed-put.ts';
import { uploadFileRoutes } from './upload-files.ts';
import { uploadRoutes } from './uploads.ts';
import { usageRoutes } from './usage.ts';

/** Every resource that the gateway serves. */
export const ROUTES: readonly RouteModule[] = [
  authRoutes,
  authSessionRoutes,
  authMailRoutes,
  authMeRoutes,
  authTokenRoutes,
  authOAuthRoutes,
  adminUserRoutes,
  adminInvitationRoutes,
  adminAuditRoutes,
  adminUsageRoutes,
  adminJobRoutes,
  fileRoutes,
  contentRoutes,
  downloadUrlRoutes,
  jobRoutes,
  usageRoutes,
  publicRoutes,
  signedRoutes,
  signedPutRoutes,
  uploadFileRoutes,
  uploadRoutes,
  healthRoutes,
  docsRoutes,
  accountPageRoutes,
];
