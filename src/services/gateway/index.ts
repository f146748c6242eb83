import { observeProcess } from '../../base/metrics.ts';
import type { App } from './app.ts';
import type { GatewayDeps } from './deps.ts';
import { listenOn, stopServer } from './listening.ts';
import { buildServer } from './server.ts';

export interface Gateway {
  readonly app: App;
  /** Throws an `Error` whose message says, for a person, why it cannot listen. */
  listen(): Promise<{ url: string }>;
  /** Takes no new connection, lets the requests that are under way end, and closes. Safe to call twice. */
  stop(): Promise<void>;
}

/** The public HTTP side of the house. */
export function createGateway(deps: GatewayDeps): Gateway {
  observeProcess();
  const app = buildServer(deps);
  let stopped: Promise<void> | undefined;
  return {
    app,
    async listen() {
      const url = await listenOn(app, deps.settings);
      return { url: deps.settings.publicUrl ?? url };
    },
    stop() {
      stopped ??= stopServer(app);
      return stopped;
    },
  };
}
