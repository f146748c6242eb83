import type { AddressInfo } from 'node:net';
import { errnoOf } from '../../base/errors.ts';
import { observeProcess } from '../../base/metrics.ts';
import type { App } from './app.ts';
import type { GatewayDeps, GatewaySettings } from './deps.ts';
import { buildServer } from './server.ts';

export interface Gateway {
  readonly app: App;
  /** Throws an `Error` whose message says, for a person, why it cannot listen. */
  listen(): Promise<{ url: string }>;
  /** Takes no new connection, lets the requests that are under way end, and closes. Safe to call twice. */
  stop(): Promise<void>;
}

/** Milliseconds that running requests get to end. */
const STOP_TIMEOUT = 20_000;

/** The public HTTP side of the house. */
export function createGateway(deps: GatewayDeps): Gateway {
  observeProcess();
  const app = buildServer(deps);
  let stopped: Promise<void> | undefined;
  return {
    app,
    async listen() {
      const { host, port } = deps.settings;
      try {
        await app.listen({ host, port });
      } catch (error) {
        throw new Error(whyNot(error, deps.settings), { cause: error });
      }
      return { url: deps.settings.publicUrl ?? urlOf(host, (app.server.address() as AddressInfo).port) };
    },
    stop() {
      stopped ??= stopServer(app);
      return stopped;
    },
  };
}

async function stopServer(app: App): Promise<void> {
  // A connection whose last request has just ended is idle only then; nothing else closes it.
  const reaper = setInterval(() => app.server.closeIdleConnections(), 50);
  const deadline = setTimeout(() => app.server.closeAllConnections(), STOP_TIMEOUT);
  try {
    await app.close();
  } finally {
    clearInterval(reaper);
    clearTimeout(deadline);
  }
}

/** A URL that reaches a server on this machine. */
function urlOf(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

function whyNot(error: unknown, { host, port }: GatewaySettings): string {
  switch (errnoOf(error)) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is in use. Stop what listens there, or set PORT to another (0 takes a free one).`;
    case 'EADDRNOTAVAIL':
      return `${host} is no address of this machine. Set HOST to one, such as 127.0.0.1 or 0.0.0.0.`;
    case 'EACCES':
      return `Listening on port ${port} is not allowed. Set PORT to 1024 or more.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The host name ${host} is not known. Set HOST to an address, such as 127.0.0.1.`;
    default:
      return `Cannot listen on ${host}:${port} (${errnoOf(error) ?? 'unknown reason'}).`;
  }
}
