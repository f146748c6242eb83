import Fastify, { type FastifyInstance } from 'fastify';
import { observeProcess } from '../../base/metrics.ts';
import type { App } from './app.ts';
import { type Listening, listenOn, stopServer } from './listening.ts';
import { type HealthDeps, healthRoutes } from './routes/health.ts';

export interface HealthServer {
  readonly app: App;
  /** Resolves to its URL. Throws an `Error` whose message says, for a person, why it cannot listen. */
  listen(): Promise<{ url: string }>;
  /** Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * The HTTP side of a process without the gateway: /healthz, /readyz and /metrics, as the gateway has them, and that is why
 * it stands here. What else a service answers over HTTP, such as ingest its webhook, is added to its `app`.
 */
export function createHealthServer(deps: HealthDeps & { readonly settings: Listening }): HealthServer {
  observeProcess();
  const app = Fastify({ bodyLimit: 1024, routerOptions: { maxParamLength: 256 } }) as FastifyInstance as unknown as App;
  app.setSerializerCompiler(() => JSON.stringify);
  healthRoutes(app, deps);
  let stopped: Promise<void> | undefined;
  return {
    app,
    listen: async () => ({ url: await listenOn(app, deps.settings) }),
    stop() {
      stopped ??= stopServer(app);
      return stopped;
    },
  };
}
