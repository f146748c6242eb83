import type { RouteOptions } from 'fastify';

/**
 * For every route whose body is an object without a required property: a request without a body means an empty object,
 * so that nobody has to send `{}`.
 */
export function takeNoBodyAsEmpty(route: RouteOptions): void {
  const body = route.schema?.body as { type?: unknown; required?: readonly string[] } | undefined;
  if (body?.type !== 'object' || (body.required?.length ?? 0) > 0) return;
  const others = route.preValidation ?? [];
  route.preValidation = [
    (request, _reply, done) => {
      request.body ??= {};
      done();
    },
    ...(Array.isArray(others) ? others : [others]),
  ];
}
