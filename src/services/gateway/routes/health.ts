import type { RouteModule } from '../app.ts';

export const healthRoutes: RouteModule = (app, { settings }) => {
  app.get('/healthz', { config: { access: 'anyone' } }, async () => ({ status: 'ok', version: settings.version }));
};
