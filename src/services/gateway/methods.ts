import type { RouteOptions } from 'fastify';
import { HoldfastError } from '../../base/errors.ts';
import type { App } from './app.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/**
 * Answers the methods that a path does not have: 405 with `Allow` (RFC 9110, 15.5.6), and OPTIONS with what it has.
 * `note` must see every route; `register` comes last.
 */
export function createMethodGuard(): { note(route: RouteOptions): void; register(app: App): void } {
  const known = new Map<string, Set<string>>();
  return {
    note(route) {
      const methods = known.get(route.url) ?? new Set();
      known.set(route.url, methods);
      for (const method of [route.method].flat()) methods.add(method);
    },
    register(app) {
      for (const [url, methods] of [...known]) {
        if (url === '*') continue;
        const allow = [...methods].sort().join(', ');
        const others = METHODS.filter((method) => !methods.has(method) && method !== 'OPTIONS');
        const schema = { hide: true };
        app.route({
          method: others,
          url,
          config: { access: 'anyone' },
          schema,
          onRequest: async (request, reply) => {
            reply.header('allow', allow);
            throw new HoldfastError('method_not_allowed', `${request.method} is not known here; there is ${allow}.`);
          },
          handler: () => {},
        });
        if (methods.has('OPTIONS')) continue;
        app.options(url, { config: { access: 'anyone' }, schema }, (_request, reply) =>
          reply.code(204).header('allow', `${allow}, OPTIONS`).send(),
        );
      }
    },
  };
}
