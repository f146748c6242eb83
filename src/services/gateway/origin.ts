import type { FastifyRequest } from 'fastify';

/**
 * Where a client reaches us, as a proxy that is trusted (TRUST_PROXY) says of its request; undefined where none did. What
 * a client says itself, in Host, is not asked: a URL that we hand out would lead to wherever it pleases.
 */
export function originByProxy({ ips = [], protocol, host }: FastifyRequest): string | undefined {
  // The first is who connected to us; those after it were named by proxies that are trusted.
  if (ips.length < 2) return undefined;
  const origin = `${protocol}://${host}`;
  return URL.canParse(origin) && new URL(origin).origin === origin.toLowerCase() ? origin : undefined;
}

/** Where clients reach us: as the operator says, or a proxy, or as this client did. */
export const originOf = (request: FastifyRequest, publicUrl: string | undefined): string =>
  publicUrl ?? originByProxy(request) ?? originOfConnection(request);

/** Where the client's connection ended at this machine. */
export function originOfConnection({ raw: { socket } }: FastifyRequest): string {
  const { localAddress = '', localPort } = socket;
  const address = localAddress.replace(/^::ffff:/, '');
  return `http://${address.includes(':') ? `[${address}]` : address}:${localPort}`;
}
