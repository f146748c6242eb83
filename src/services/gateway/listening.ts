import type { AddressInfo } from 'node:net';
import type { FastifyInstance, RawServerDefault } from 'fastify';
import { errnoOf } from '../../base/errors.ts';
import { tryAddress } from '../../base/try-address.ts';

/** Where an HTTP server listens. */
export interface Listening {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

type Server = Pick<FastifyInstance<RawServerDefault>, 'server' | 'close'> & {
  listen(where: Listening): Promise<unknown>;
};

/** Milliseconds that running requests get to end. */
const STOP_TIMEOUT = 15_000;

/** Before anything is changed that a server which cannot listen should leave alone. Throws as `listenOn` does. */
export async function checkListening(where: Listening): Promise<void> {
  try {
    await tryAddress(where.host, where.port);
  } catch (error) {
    throw new Error(whyNot(error, where), { cause: error });
  }
}

/** Answers a URL that reaches the server on this machine. Throws an `Error` that says, for a person, why it cannot. */
export async function listenOn(app: Server, where: Listening): Promise<string> {
  try {
    await app.listen(where);
  } catch (error) {
    throw new Error(whyNot(error, where), { cause: error });
  }
  return urlOf(where.host, (app.server.address() as AddressInfo).port);
}

/** Takes no new connection, lets the requests that are under way end, and closes. */
export async function stopServer(app: Server): Promise<void> {
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

function urlOf(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

function whyNot(error: unknown, { host, port }: Listening): string {
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
