import type { RouteModule } from '../app.ts';
import { authRoutes } from './auth.ts';
import { contentRoutes } from './content.ts';
import { docsRoutes } from './docs.ts';
import { downloadUrlRoutes } from './download-url.ts';
import { fileRoutes } from './files.ts';
import { healthRoutes } from './health.ts';
import { jobRoutes } from './jobs.ts';
import { publicRoutes } from './public.ts';
import { signedRoutes } from './signed.ts';

/** Every resource that the gateway serves. */
export const ROUTES: readonly RouteModule[] = [
  authRoutes,
  fileRoutes,
  contentRoutes,
  downloadUrlRoutes,
  jobRoutes,
  publicRoutes,
  signedRoutes,
  healthRoutes,
  docsRoutes,
];
