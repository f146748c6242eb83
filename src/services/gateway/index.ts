import type { Running } from '../../base/lifecycle.ts';
import { observeProcess } from '../../base/metrics.ts';
import type { App } from './app.ts';
import type { GatewayDeps } from './deps.ts';
import { listenOn, stopServer } from './listening.ts';
import { shareCounts } from './rate-limits/share-counts.ts';
import { WindowCounts } from './rate-limits/window-counts.ts';
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
  const counts = new WindowCounts();
  const app = buildServer(deps, counts);
  let sharing: Running | undefined;
  let stopped: Promise<void> | undefined;
  return {
    app,
    async listen() {
      const url = await listenOn(app, deps.settings);
      sharing = shareCounts(counts, deps.rateLimits, deps.log);
      return { url: deps.settings.publicUrl ?? url };
    },
    stop() {
      stopped ??= Promise.all([stopServer(app), sharing?.stop()]).then(() => {});
      return stopped;
    },
  };
}
