import type { FastifyRequest } from 'fastify';
import { HoldfastError } from '../../base/errors.ts';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses what another site has a browser send with our cookie (cross-site request forgery). Browsers say where a request
 * comes from, and scripts cannot change what they say: `Sec-Fetch-Site` (Fetch Metadata), in older ones `Origin`. A
 * neighbour under the same domain is another site here, too. What says neither is no browser that could be misled, but it
 * has no need of a cookie either.
 */
export function requireSameOrigin(request: FastifyRequest, publicUrl: string | undefined): void {
  if (SAFE.has(request.method) || isSameOrigin(request, publicUrl)) return;
  throw new HoldfastError(
    'forbidden',
    'A request with the session cookie must come from a page of this server. Programs send an access token instead.',
  );
}

/** For signing in: refuses what is known to come from elsewhere, and takes programs, which say nothing. */
export function refuseOtherOrigin(request: FastifyRequest, publicUrl: string | undefined): void {
  const { origin, 'sec-fetch-site': site } = request.raw.headers;
  if (origin !== undefined || site !== undefined) requireSameOrigin(request, publicUrl);
}

function isSameOrigin(request: FastifyRequest, publicUrl: string | undefined): boolean {
  const { origin, 'sec-fetch-site': site } = request.raw.headers;
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  if (origin === undefined || !URL.canParse(origin)) return false;
  if (publicUrl !== undefined) return new URL(publicUrl).origin === origin;
  // Where nobody said how we are called, we are called what the request calls us.
  return new URL(origin).host === request.host;
}
