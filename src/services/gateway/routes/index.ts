import type { RouteModule } from '../app.ts';
import { healthRoutes } from './health.ts';

/** Every resource that the gateway serves. */
export const ROUTES: readonly RouteModule[] = [healthRoutes];
