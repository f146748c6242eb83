import type { FastifyRequest } from 'fastify';
import { isTracing, type Span, startSpan } from '../../base/tracing.ts';
import type { Answered } from './request-log.ts';
import { traceOf } from './trace.ts';

/** What watches over the server asks time and again, and tells nobody anything. */
const LEFT_OUT: readonly (string | undefined)[] = ['/healthz', '/readyz', '/metrics'];

/** The span of a request, in the trace of whoever sent it. */
export function startRequestSpan({ method, headers, routeOptions: { url } }: FastifyRequest): Span | undefined {
  if (!isTracing() || LEFT_OUT.includes(url)) return undefined;
  // The route alone: a URL may hold a token.
  const attributes = { 'http.request.method': method, ...(url !== undefined && { 'http.route': url }) };
  const name = url === undefined ? method : `${method} ${url}`;
  return startSpan(name, { kind: 'server', parent: traceOf(headers), root: true, attributes });
}

export function endRequestSpan(span: Span | undefined, { status }: Answered): void {
  span?.end({
    attributes: { 'http.response.status_code': status },
    ...(status >= 500 && { error: String(status) }),
  });
}
